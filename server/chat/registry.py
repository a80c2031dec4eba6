"""Every session's record, behind one lock.

A record is *waiting* once its connection is accepted, *serving* once its thread greets the client,
and then *closed* for good. Over TLS, its thread shakes hands while it is waiting. Only this module
changes a state, always under the lock. The counters need no lock: only the session's own thread
writes them. Readers take a `snapshot()`, in which nothing changes except that the resolver may
still find a client's name.
"""

import os
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from server.chat import gil
from server.chat.clock import now
from server.chat.record import Doubt, End, Record, thread_name
from server.chat.ticks import Tick, Ticks
from server.chat.totals import Totals

HISTORY = 1000  # closed sessions remembered

Refusal = Literal["busy", "closing", Doubt]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry at one moment. Sessions are sorted by number; times are Unix seconds."""

    at: float
    started_at: float
    settings: Mapping[str, object]  # the server's options, by name
    pid: int
    gil: bool  # whether it is on
    open: int
    serving: int
    peak_serving: int
    accepted: int
    refused: Mapping[Refusal, int]
    refusals: tuple[Tick, ...]
    totals: Totals
    sessions: tuple[Record, ...]


class Registry:
    """The records of all open sessions and of the last HISTORY closed ones."""

    def __init__(self, max_clients: int, replica: str, settings: Mapping[str, object]) -> None:
        self._max_clients = max_clients
        self._replica = replica
        self._settings = settings
        self._started_at = now()
        self._lock = threading.RLock()  # guards all below
        self._emptied = threading.Condition(self._lock)
        self._open: dict[int, Record] = {}
        self._closed: deque[Record] = deque(maxlen=HISTORY)
        self._accepted = 0
        self._number = 0  # the newest record's
        self._serving = 0
        self._peak_serving = 0
        self._refused: Counter[Refusal] = Counter(dict.fromkeys(get_args(Refusal), 0))
        self._refusals = Ticks()
        self._totals = Totals()  # of closed sessions

    def admit(self, peer: str) -> Record | None:
        """Return a new, waiting record; None if every place is taken."""
        with self._lock:
            if len(self._open) >= self._max_clients:
                return None
            self._accepted += 1
            self._number += 1
            record = Record(self._number, peer, accepted_at=now(), client=peer)
            self._open[record.number] = record
            return record

    def withdraw(self, record: Record, reason: Refusal) -> bool:
        """Refuse a waiting session: no thread could be started, or the handshake failed.

        If it is the newest, its number is free again. False if it no longer waits, or another
        thread is shaking hands for it: a pool had queued it after all, and a worker has taken it.
        """
        with self._lock:
            another = record.native_id not in (None, threading.get_native_id())
            if record.state != "waiting" or another:
                return False
            record.state = "closed"
            self._accepted -= 1
            if record.number == self._number:
                self._number -= 1
            self.refuse(reason)  # under the same lock, so that each snapshot counts it
            self._forget(record)
            return True

    def refuse(self, reason: Refusal) -> None:
        """Count a refused connection, which has no record."""
        with self._lock:
            self._refused[reason] += 1
            self._refusals.add(moment := now(), moment, 1)

    def assign(self, record: Record) -> None:
        """Record the calling thread as this session's, if the session still waits."""
        with self._lock:
            if record.state == "waiting":
                record.thread = thread_name(self._replica, threading.current_thread().name)
                record.native_id = threading.get_native_id()

    def begin_handshake(self, record: Record) -> bool:
        """Record that the calling thread shakes hands; False if the session no longer waits."""
        with self._lock:
            if record.state != "waiting":
                return False
            self.assign(record)
            record.tls = "handshake"
            return True

    def end_handshake(self, record: Record, name: str) -> None:
        """Record that the session is encrypted, and the name in the client's certificate if any."""
        with self._lock:
            record.tls = "proven" if name else "encrypted"
            if name:  # if not, the resolver may be writing one
                record.client = name

    def serve(self, record: Record) -> bool:
        """Turn waiting into serving, by the calling thread; False if it no longer waits."""
        with self._lock:
            if record.state != "waiting":
                return False
            self.assign(record)
            record.state = "serving"
            record.served_at = now()
            self._serving += 1
            self._peak_serving = max(self._peak_serving, self._serving)
            return True

    def dismiss(self, record: Record, end: End) -> bool:
        """Close a session that still waits; False if it does not, or is shaking hands."""
        with self._lock:
            if record.state != "waiting" or record.tls:
                return False
            self._close(record, end)
            return True

    def close(self, record: Record, end: End) -> None:
        """Close a session that is served, and record why it ended."""
        with self._lock:
            self._serving -= 1
            self._close(record, end)

    def _close(self, record: Record, end: End) -> None:
        record.state = "closed"
        record.closed_at = now()
        record.end = end
        self._totals.fold(record, end, record.closed_at)
        self._closed.append(record)
        self._forget(record)

    def _forget(self, record: Record) -> None:
        del self._open[record.number]
        if not self._open:
            self._emptied.notify_all()

    def wait_until_empty(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until no session is open; return whether none is."""
        with self._lock:
            return self._emptied.wait_for(lambda: not self._open, timeout)

    def snapshot(self) -> Snapshot:
        """Return the facts of this moment. Open records are copied; closed ones are not."""
        with self._lock:
            open_ = [record.copy() for record in self._open.values()]
            totals = self._totals.copy()
            for record in open_:
                totals.count(record)
            return Snapshot(
                at=now(),
                started_at=self._started_at,
                settings=self._settings,
                pid=os.getpid(),
                gil=gil.is_on(),
                open=len(open_),
                serving=self._serving,
                peak_serving=self._peak_serving,
                accepted=self._accepted,
                refused=dict(self._refused),
                refusals=tuple(self._refusals.since()),
                totals=totals,
                sessions=tuple(sorted((*self._closed, *open_), key=lambda record: record.number)),
            )
