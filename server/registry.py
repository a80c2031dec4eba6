"""Every session's record, behind one lock.

A record is *waiting* from the moment its connection is accepted, *serving* from the moment its
thread greets the client, and *closed* for good. Only this module changes a state, and always
under the lock; the counters have one writer, the session's own thread, and need none.
Readers take a `snapshot()` and never see a record change under their hands.
"""

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

HISTORY = 1000  # closed sessions remembered


@dataclass(slots=True)
class Record:
    """The facts of one session; times are Unix seconds."""

    number: int
    peer: str
    accepted_at: float
    thread: str | None = None
    native_id: int | None = None
    state: Literal["waiting", "serving", "closed"] = "waiting"
    served_at: float | None = None
    closed_at: float | None = None
    messages: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry at one moment; sessions by number."""

    model: str
    protocol: str
    pid: int
    open: int
    serving: int
    peak_serving: int
    accepted: int
    refused: Mapping[str, int]
    sessions: tuple[Record, ...]


class Registry:
    """Who is waiting, who is being served by which thread, and who was."""

    def __init__(self, *, model: str, protocol: str, max_clients: int) -> None:
        self._model = model
        self._protocol = protocol
        self._max_clients = max_clients
        self._changed = threading.Condition()  # guards all below
        self._open: dict[int, Record] = {}
        self._closed: deque[Record] = deque(maxlen=HISTORY)
        self._accepted = 0
        self._serving = 0
        self._peak_serving = 0
        self._refused: Counter[str] = Counter()

    def admit(self, peer: str) -> Record | None:
        """A new record, waiting; None where every place is taken."""
        with self._changed:
            if len(self._open) >= self._max_clients:
                return None
            self._accepted += 1
            record = Record(self._accepted, peer, accepted_at=time.time())
            self._open[record.number] = record
            return record

    def withdraw(self, record: Record) -> bool:
        """Forget the newest record, whose thread could not be started: its number is free again.

        False where it does not wait: a pool has queued it all the same, and a worker that became
        free has taken it. One that is withdrawn will not be served when its turn comes.
        """
        with self._changed:
            if record.state != "waiting":
                return False
            record.state = "closed"
            del self._open[record.number]
            self._accepted -= 1
            return True

    def refuse(self, reason: str) -> None:
        """Count a connection that was turned away; it has no record."""
        with self._changed:
            self._refused[reason] += 1

    def assign(self, record: Record) -> None:
        """Note the calling thread as this session's own, where the session still waits."""
        with self._changed:
            self._assign(record)

    def _assign(self, record: Record) -> None:
        if record.state == "waiting":
            record.thread = threading.current_thread().name
            record.native_id = threading.get_native_id()

    def serve(self, record: Record) -> bool:
        """Turn waiting into serving, by the calling thread; False where it no longer waits."""
        with self._changed:
            if record.state != "waiting":
                return False
            self._assign(record)
            record.state = "serving"
            record.served_at = time.time()
            self._serving += 1
            self._peak_serving = max(self._peak_serving, self._serving)
            return True

    def dismiss(self, record: Record, end: str) -> bool:
        """Close a session that still waits; False where it does not."""
        with self._changed:
            if record.state != "waiting":
                return False
            self._close(record, end)
            return True

    def close(self, record: Record, end: str) -> None:
        """Close a session that is being served, and say why it ended."""
        with self._changed:
            self._serving -= 1
            self._close(record, end)

    def _close(self, record: Record, end: str) -> None:
        record.state = "closed"
        record.closed_at = time.time()
        record.end = end
        del self._open[record.number]
        self._closed.append(record)
        self._changed.notify_all()

    def wait_until_empty(self, timeout: float) -> bool:
        """Wait until no session is open, for at most `timeout` seconds; say whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout)

    def snapshot(self) -> Snapshot:
        """The facts of this moment; a closed record never changes, an open one is copied."""
        with self._changed:
            return Snapshot(
                model=self._model,
                protocol=self._protocol,
                pid=os.getpid(),
                open=len(self._open),
                serving=self._serving,
                peak_serving=self._peak_serving,
                accepted=self._accepted,
                refused=dict(self._refused),
                sessions=tuple(
                    sorted(
                        (*self._closed, *map(replace, self._open.values())),
                        key=lambda record: record.number,
                    )
                ),
            )
