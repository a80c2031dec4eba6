"""Every client that was seen, as the sessions of a snapshot. Moments are Unix seconds."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from lanes.snapshot import CERTAIN, CLOSED, LEFT, Session, Tick
from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Connection

GAP = 0.25  # seconds: messages that come sooner after a tick's beginning are counted on it
TICKS = 240  # of a session
SERVED = {*CERTAIN, "polled"}  # what says that it is served, also once it says no more by whom
GUESSED = {"born together", "only one busy"}


@dataclass(slots=True)
class Record:
    """A client: what its connection says, and which thread was last claimed for it."""

    number: int
    connection: Connection
    accepted_at: float  # or first seen
    claim: Claim = UNKNOWN
    served_at: float | None = None
    closed_at: float | None = None
    guessed: bool = False  # whether that it is served was only guessed
    ticks: deque[Tick] = field(default_factory=lambda: deque(maxlen=TICKS))

    def tell(self, connection: Connection, at: float) -> None:
        """Note what its connection says now."""
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
        """Note which thread is said to serve it, and whether that waits for a lock.

        Who is served stays served. A guess that has come to nothing is forgotten.
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
    """By the two addresses: a connection in the backlog has no inode yet."""

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
        """Note which are there: all of them, in the same mapping as before if none has changed.

        New ones are numbered in its order.
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
                self._close(key, at)  # the same port once more: a new client
                known = None
            if known:
                known.tell(connection, at)
            else:
                self.accepted += 1
                self._open[key] = record = Record(self.accepted, connection, at)
                if connection.segments and self._begun:  # else they may be old
                    record.ticks.append((at, at, connection.segments))
        self._begun = True

    def _close(self, key: tuple[str, str], at: float) -> None:
        record = self._open.pop(key)
        record.closed_at = at
        self._closed.append(record)

    def everyone(self) -> list[Record]:
        """All that are remembered."""
        return [*self._closed, *self._open.values()]

    def threads(self) -> set[ThreadId]:
        """Those that served, or serve, a client that is remembered."""
        return {one.claim.thread for one in self.everyone() if one.claim.thread}

    def peak(self, serving: int) -> int:
        """The most that were served at once, now included."""
        self._peak = max(self._peak, serving)
        return self._peak

    def sessions(self, session: Callable[[Record], Session]) -> tuple[Session, ...]:
        """All that are remembered, in the order in which they came."""
        records = sorted(self.everyone(), key=lambda one: one.number)
        return tuple(map(session, records))
