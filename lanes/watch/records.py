"""Records of all clients seen, for the sessions of a snapshot. Times are Unix seconds."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from lanes.session import CERTAIN, LEFT, Session, Tick
from lanes.snapshot import CLOSED
from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Connection

GAP = 0.25  # seconds: messages that come sooner after the start of a tick belong to it
TICKS = 240  # kept for each session: the latest
SERVED = {*CERTAIN, "polled"}  # a client with one of these stays served if its thread is lost
GUESSED = {"born together", "only one busy"}


@dataclass(slots=True)
class Record:
    """One client: its connection, and the thread last claimed to serve it."""

    number: int
    connection: Connection
    accepted_at: float  # when it was first seen
    claim: Claim = UNKNOWN
    served_at: float | None = None
    closed_at: float | None = None
    guessed: bool = False  # whether `served_at` is only a guess
    ticks: deque[Tick] = field(default_factory=lambda: deque(maxlen=TICKS))

    def tell(self, connection: Connection, at: float) -> None:
        """Note the current state of its connection."""
        new = connection.segments - self.connection.segments
        if new > 0:
            began, _, messages = self.ticks[-1] if self.ticks else (-GAP, 0.0, 0)
            if at - began < GAP:
                self.ticks[-1] = (began, at, messages + new)
            else:
                self.ticks.append((at, at, new))
        elif connection.pending and self.ticks:
            began, _, messages = self.ticks[-1]
            self.ticks[-1] = (began, at, messages)
        self.connection = connection

    def claimed(self, claim: Claim, at: float, *, locked: bool) -> None:
        """Note which thread is claimed to serve it; `locked` if it may be waiting for a lock.

        A served client stays served. A guess that proves wrong is forgotten.
        """
        if claim.how in SERVED:
            self.served_at, self.guessed = self.served_at or at, False
        elif claim.how in GUESSED and not locked and not self.served_at:
            self.served_at, self.guessed = at, True
        elif claim == UNKNOWN and self.guessed:
            self.served_at, self.guessed = None, False
        elif claim == UNKNOWN and self.served_at and self.connection.state == "close-wait":
            known = self.claim.certain or self.claim.how == LEFT
            claim = Claim(self.claim.thread if known else None, LEFT)
        self.claim = claim


class Records:
    """All records, by the two addresses: a connection in the backlog has no inode yet."""

    def __init__(self) -> None:
        self._connections: Mapping[tuple[str, str], Connection] = {}
        self._open: dict[tuple[str, str], Record] = {}
        self._closed: deque[Record] = deque(maxlen=CLOSED)
        self.accepted = 0
        self._begun = False
        self._peak = 0

    def __iter__(self) -> Iterator[Record]:
        return iter(self._open.values())

    def __len__(self) -> int:
        return len(self._open)

    def update(self, connections: Mapping[tuple[str, str], Connection], at: float) -> None:
        """Note all current connections; pass the same mapping as before if none has changed.

        New ones are numbered in the order of the mapping.
        """
        if connections is self._connections:
            for record in filter(attrgetter("connection.pending"), self):
                record.tell(record.connection, at)
            return
        self._connections = connections
        for key in self._open.keys() - connections.keys():
            self._close(key, at)
        for key, connection in connections.items():
            known = self._open.get(key)
            if known and known.connection.inode not in {0, connection.inode}:
                self._close(key, at)  # a new client that reuses the port
                known = None
            if known:
                known.tell(connection, at)
            else:
                self.accepted += 1
                self._open[key] = record = Record(self.accepted, connection, at)
                if connection.segments and self._begun:  # in the first look, they may be old
                    record.ticks.append((at, at, connection.segments))
        self._begun = True

    def _close(self, key: tuple[str, str], at: float) -> None:
        record = self._open.pop(key)
        record.closed_at = at
        self._closed.append(record)

    def everyone(self) -> list[Record]:
        """Return all remembered records."""
        return [*self._closed, *self._open.values()]

    def threads(self) -> set[ThreadId]:
        """Return the threads that serve, or served, a remembered client."""
        return {one.claim.thread for one in self.everyone() if one.claim.thread}

    def peak(self, serving: int) -> int:
        """Return the most clients served at once so far; `serving` is the number now."""
        self._peak = max(self._peak, serving)
        return self._peak

    def sessions(self, session: Callable[[Record], Session]) -> tuple[Session, ...]:
        """Return all remembered records as sessions, in the order in which the clients came."""
        records = sorted(self.everyone(), key=lambda one: one.number)
        return tuple(map(session, records))
