"""Who serves whom in one server at one moment. Moments are Unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

# The limits, as in our server: closed sessions; ticks of all open, and of all closed sessions.
CLOSED = 1000
OPEN_TICKS, CLOSED_TICKS = 12_288, 4_096

Refusal = tuple[float, int]  # when connections were turned away, and how many
Tick = tuple[float, float, int]  # when messages came and were answered, and how many

PROVEN = "\N{CHECK MARK}"
GOODBYES = {None, "bye", "closed"}  # no end, or a good one; from outside, every end is `closed`
VISIT = 1.0  # seconds; a session that takes less was a short visit
CERTAIN = {"", "direct", "remembered"}  # empty: the server itself reports it
LEFT: Final = "has left"  # the client has, but the server has not closed the connection


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
class Session:
    """One session; its moments are in order."""

    number: int
    replica: str
    peer: str
    client: str
    thread: str | None
    native_id: int | None
    state: str
    accepted_at: float
    served_at: float | None
    closed_at: float | None
    messages: int
    bytes_in: int
    bytes_out: int
    end: str | None
    ticks: tuple[Tick, ...]
    how: str = ""  # how it is known which thread serves it, if it was seen from outside
    where: str = ""  # where that thread is now
    tls: str = ""  # `handshake`, `encrypted` or `proven`; empty without TLS
    refused: int = 0  # how many of its messages were refused
    sized: bool = True  # whether its bytes are known: at an earlier moment they are not

    @property
    def key(self) -> str:
        """What identifies it among the sessions of all servers."""
        return f"{self.replica}/{self.number}" if self.replica else str(self.number)

    @property
    def name(self) -> str:
        """The client's name, marked if a certificate proves it."""
        return f"{self.client} {PROVEN}" if self.tls == "proven" else self.client

    @property
    def standing(self) -> str:
        """How it ended, or its state now."""
        return self.end or (f"{self.state} (handshake)" if self.tls == "handshake" else self.state)

    @property
    def certain(self) -> bool:
        """Whether it is certain which thread serves it."""
        return self.how in CERTAIN

    @property
    def failed(self) -> bool:
        """Whether it ended without a goodbye; from outside that is not known."""
        return self.end not in GOODBYES

    @property
    def is_visit(self) -> bool:
        """Whether it was short, and ended well."""
        closed = self.closed_at
        return closed is not None and not self.failed and closed - self.accepted_at < VISIT

    def waited(self, at: float) -> float:
        """Seconds until it was served or closed, or until `at`."""
        return (self.served_at or self.closed_at or at) - self.accepted_at

    def served(self, at: float) -> float:
        """Seconds that it was served, until `at` if it still is."""
        return (self.closed_at or at) - self.served_at if self.served_at else 0.0

    def after(self, earlier: "Session | None") -> "Session":
        """Return it with the ticks known earlier, of which only the last may have grown."""
        if not earlier or not earlier.ticks:
            return self
        *done, (last, *_) = earlier.ticks
        new = [tick for tick in self.ticks if tick[0] >= last]
        return replace(self, ticks=(*done, *new))

    def thinned(self, most: int) -> "Session":
        """Return it with at most `most` ticks and the last: merges neighbours, counts are exact."""
        if len(self.ticks) <= most + 1:
            return self
        *done, last = self.ticks
        together = -(-len(done) // max(most, 1))
        merged = [done[first : first + together] for first in range(0, len(done), together)]
        return replace(self, ticks=(*map(_merge, merged), last))


def _merge(ticks: Sequence[Tick]) -> Tick:
    return ticks[0][0], ticks[-1][1], sum(messages for *_, messages in ticks)


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
