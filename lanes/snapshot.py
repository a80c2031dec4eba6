"""Who serves whom in one server at one moment. Moments are Unix seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from lanes.session import Session

# The limits, as in our server: closed sessions; ticks of all open, and of all closed sessions.
CLOSED = 1000
OPEN_TICKS, CLOSED_TICKS = 12_288, 4_096

Refusal = tuple[float, int]  # when connections were turned away, and how many


@dataclass(frozen=True, slots=True)
class Queue:
    """A listening socket, and its connections that are not accepted yet."""

    address: str
    waiting: int
    limit: int


@dataclass(frozen=True, slots=True)
class Locks:
    """Whether threads wait for a lock, for `lanes check`; the document has only notes about it."""

    gate: bool = False  # the thread that accepts does, so that no client is accepted
    clients: bool = False  # threads that have clients do
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen only from outside (lanes/watch)."""

    kind: str
    evidence: str
    rate: float  # looks per second
    queues: tuple[Queue, ...]
    notes: tuple[str, ...]  # what could not be seen, and what would help
    locks: Locks = Locks()
    unknown: tuple[str, ...] = ()  # figures that could not be seen: messages, serving, backlog


@dataclass(frozen=True, slots=True)
class Door:
    """Where clients connect, as known to the program that asks: the server may not know."""

    host: str = "127.0.0.1"
    port: int | None = None  # None: as the server says; 0: not known
    command: str = ""  # for a client to type, if an address is not enough


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One server at one moment, or several, each of them in `parts` (lanes/replicas.py)."""

    at: float
    since: float  # what ended before this moment is left out
    started_at: float
    model: str
    protocol: str
    replica: str
    pid: int
    settings: Mapping[str, Any]
    open: int
    serving: int
    peak_serving: int
    accepted: int
    messages: int
    refused: Mapping[str, int]
    refusals: tuple[Refusal, ...]
    sessions: tuple[Session, ...]  # in the order of acceptance
    messages_refused: int | None = None  # None if it does not report that
    gil: bool | None = None  # whether its Python has it on; None if it does not report that
    seen: Seen | None = None  # None if the server reports about itself
    where: str = ""  # for a part: its address, and how far its clock is ahead
    parts: tuple["Snapshot", ...] = ()
    missing: tuple[str, ...] = ()  # why other servers are not among the parts
    past: bool = False  # whether this is an earlier moment (lanes/past.py)
    agreement: tuple[str, ...] = ()  # between what the parts report and what was seen of them
    door: Door = Door()

    @property
    def servers(self) -> tuple["Snapshot", ...]:
        """All servers, even if there is only one."""
        return self.parts or (self,)

    @property
    def uncounted(self) -> set[str]:
        """The names of the servers whose messages could not be counted."""
        return {one.replica for one in self.servers if one.seen and "messages" in one.seen.unknown}

    @property
    def run(self) -> tuple[float, int]:
        """Which run of a server this is: no two start at the same time with the same process id."""
        return self.started_at, self.pid

    def after(self, earlier: "Snapshot") -> "Snapshot":
        """Merge this snapshot with an earlier one of the same run: all that is known by now."""
        before = {session.number: session for session in earlier.sessions}
        now = [one.after(before.pop(one.number, None)) for one in self.sessions]
        closed = [one for one in (*before.values(), *now) if one.closed_at is not None]
        closed = sorted(closed, key=attrgetter("closed_at"))[-CLOSED:]
        open_ = [one for one in now if one.closed_at is None]
        few, many = CLOSED_TICKS // max(len(closed), 1), OPEN_TICKS // max(len(open_), 1)
        sessions = [one.thinned(few) for one in closed] + [one.thinned(many) for one in open_]
        sessions.sort(key=attrgetter("number"))
        return replace(self, since=earlier.since, sessions=tuple(sessions))
