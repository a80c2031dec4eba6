"""Who serves whom, of one server at one moment. Moments are Unix seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

# What is remembered, as our server has it: closed sessions; ticks of all open ones and all closed.
CLOSED = 1000
OPEN_TICKS, CLOSED_TICKS = 12_288, 4_096

Refusal = tuple[float, int]  # when connections were turned away, and how many
Tick = tuple[float, float, int]  # when messages came and were answered, and how many

PROVEN = "\N{CHECK MARK}"
GOODBYES = {None, "bye", "closed"}  # no ends, or good ones; seen from outside, all are `closed`
VISIT = 1.0  # seconds: who leaves sooner was on a short visit
CERTAIN = {"", "direct", "remembered"}  # a server reports what it knows about itself
LEFT: Final = "has left"  # though the server has not closed its connection


@dataclass(frozen=True, slots=True)
class Queue:
    """A listening socket, and its connections that are not accepted yet."""

    address: str
    waiting: int
    limit: int


@dataclass(frozen=True, slots=True)
class Locks:
    """Who waits for a lock, for whoever looks and judges at once: the document has the notes."""

    gate: bool = False  # the thread that accepts does, so that nobody is accepted
    clients: bool = False  # threads that have clients do
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What only a look from outside tells (lanes/watch)."""

    kind: str
    evidence: str
    rate: float  # looks a second
    queues: tuple[Queue, ...]
    notes: tuple[str, ...]  # what could not be seen, and what would help
    locks: Locks = Locks()
    unknown: tuple[str, ...] = ()  # figures that could not be seen: messages, serving, backlog


@dataclass(frozen=True, slots=True)
class Door:
    """Where clients come in, as whoever asks a server knows it: the server may not."""

    host: str = "127.0.0.1"
    port: int | None = None  # None: as the server says; 0: not known
    command: str = ""  # that a client types, if it takes more than an address


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
    where: str = ""  # where that thread stands now
    tls: str = ""  # how far its encryption has come
    refused: int = 0  # of its messages
    sized: bool = True  # its bytes are known: of an earlier moment they are not

    @property
    def key(self) -> str:
        """What tells it from all others, of all servers."""
        return f"{self.replica}/{self.number}" if self.replica else str(self.number)

    @property
    def name(self) -> str:
        """Its client's, marked if a certificate proves it."""
        return f"{self.client} {PROVEN}" if self.tls == "proven" else self.client

    @property
    def standing(self) -> str:
        """How it ended, or what it does now."""
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
        """Seconds for which it was served, until `at` if it still is."""
        return (self.closed_at or at) - self.served_at if self.served_at else 0.0

    def after(self, earlier: "Session | None") -> "Session":
        """The same, with the ticks that were known earlier, of which only the last can grow."""
        if not earlier or not earlier.ticks:
            return self
        *done, (last, *_) = earlier.ticks
        new = [tick for tick in self.ticks if tick[0] >= last]
        return replace(self, ticks=(*done, *new))

    def thinned(self, most: int) -> "Session":
        """The same with at most `most` ticks, and the last: neighbours are merged, counts exact."""
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
    """One server at one moment, or several: then `parts` has each (lanes/replicas.py)."""

    at: float
    since: float  # what had ended before this moment is left out
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
    messages_refused: int | None = None  # None if it does not tell
    gil: bool | None = None  # whether its Python's is on; None if it does not tell
    seen: Seen | None = None  # None if the server reports about itself
    where: str = ""  # of a part: its address, and how far its clock is ahead
    parts: tuple["Snapshot", ...] = ()
    missing: tuple[str, ...] = ()  # why other servers are not among the parts
    past: bool = False  # it was so at an earlier moment (lanes/past.py)
    agreement: tuple[str, ...] = ()  # of what the parts tell and what was seen of them
    door: Door = Door()

    @property
    def servers(self) -> tuple["Snapshot", ...]:
        """Each server, also if it is the only one."""
        return self.parts or (self,)

    @property
    def uncounted(self) -> set[str]:
        """The servers, by their names, whose messages could not be counted."""
        return {one.replica for one in self.servers if one.seen and "messages" in one.seen.unknown}

    @property
    def run(self) -> tuple[float, int]:
        """Which run of a server this is of: no two have started at once with one process id."""
        return self.started_at, self.pid

    def after(self, earlier: "Snapshot") -> "Snapshot":
        """All that is known by now, from an earlier snapshot of the same run and this one."""
        before = {session.number: session for session in earlier.sessions}
        now = [one.after(before.pop(one.number, None)) for one in self.sessions]
        closed = [one for one in (*before.values(), *now) if one.closed_at is not None]
        closed = sorted(closed, key=attrgetter("closed_at"))[-CLOSED:]
        open_ = [one for one in now if one.closed_at is None]
        few, many = CLOSED_TICKS // max(len(closed), 1), OPEN_TICKS // max(len(open_), 1)
        sessions = [one.thinned(few) for one in closed] + [one.thinned(many) for one in open_]
        sessions.sort(key=attrgetter("number"))
        return replace(self, since=earlier.since, sessions=tuple(sessions))
