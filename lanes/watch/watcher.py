"""Looks at a server's processes again and again, and tells what it has seen as a snapshot."""

import threading
import time
from collections.abc import Collection
from typing import NamedTuple

from lanes.watch.attribution import CERTAIN, Attribution, Claim
from lanes.watch.connections import Connections
from lanes.watch.evidence import Look, look
from lanes.watch.processes import Processes, ThreadId
from lanes.watch.records import Record, Records
from lanes.watch.sockets import Listening, Sockets

RATE = 50.0  # looks a second
SHARE = 0.1  # of a core: where looking would cost more, the rate falls
FAMILY, SOON = 0.5, 0.1  # seconds from one search for new processes to the next; if one is missed


class Moment(NamedTuple):
    """A moment of the server, for whoever describes it."""

    at: float
    look: Look
    claims: dict[int, Claim]
    backlog: int
    listening: tuple[Listening, ...]
    acceptors: frozenset[ThreadId]  # threads that were seen to accept
    accepting: bool  # whether any thread waits for a new connection now
    rate: float  # looks a second


class Watcher:
    """Follows one server; `look` is called by one thread, the rest by any."""

    def __init__(
        self, pids: Collection[int], ports: Collection[int] = (), runtime: str = ""
    ) -> None:
        """Watch these processes and what they fork. Raises OSError if they may not be looked at.

        Without `ports`: all that they listen on.
        """
        self.pid = min(pids)
        self.processes = Processes(pids)
        self._sockets = Sockets(self.pid)
        self.records = Records()
        self.changing = threading.Lock()  # held while the records change
        self.started_at = time.time()
        self.runtime = runtime
        self._ports = frozenset(ports)
        self._attribution = Attribution(runtime=bool(runtime))
        self._connections = Connections(self._sockets)
        self._listening: list[Listening] = []
        self._acceptors: set[ThreadId] = set()
        self._unclaimed = False  # whether an accepted connection has no thread that is known
        self._searched_at = 0.0
        self._cost = 0.0  # of the last look, seconds of processor time
        self.moment = Moment(self.started_at, {}, {}, 0, (), frozenset(), False, RATE)

    def run(self, over: threading.Event) -> None:
        """Look until it is over, or until no process is left."""
        while not over.is_set() and any(True for _ in self.processes):
            began, cost = time.monotonic(), time.thread_time()
            self.look()
            self._cost += 0.2 * (time.thread_time() - cost - self._cost)
            pause = max(1 / RATE, self._cost / SHARE) - (time.monotonic() - began)
            over.wait(max(pause, 0))

    def look(self) -> None:
        """Look once: first at all threads, then at what else has changed."""
        now = time.monotonic()
        self.processes.refresh()
        seen = look(self.processes)
        if now >= self._searched_at + (SOON if self._unclaimed else FAMILY):
            self._searched_at = now
            self.processes.follow()
            self._find_listening()
        accepting = self._accepting(seen)
        self._acceptors = (self._acceptors | accepting) & seen.keys()
        ports = self._ports or {one.port for one in self._listening if one.port}
        connections = self._connections.read(seen, ports)
        accepted = {one.inode: one for one in connections.values() if one.inode}
        pending = {inode for inode, one in accepted.items() if one.pending}
        self._attribution.update(seen, accepted.keys(), pending)
        claims = dict(self._attribution.claims())
        self._unclaimed = any(claim.thread is None for claim in claims.values())
        at = time.time()
        with self.changing:
            self.records.update(connections, at)
            for record in self.records:
                self._claim(record, claims, seen, at)
            self.moment = Moment(
                at=at,
                look=seen,
                claims=claims,
                backlog=len(connections) - len(accepted),
                listening=tuple(self._listening),
                acceptors=frozenset(self._acceptors),
                accepting=bool(accepting),
                rate=min(RATE, SHARE / self._cost) if self._cost else RATE,
            )

    def is_older(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread was there before the connection."""
        return self._attribution.is_older(thread, inode)

    def _claim(self, record: Record, claims: dict[int, Claim], seen: Look, at: float) -> None:
        claim = claims.get(record.connection.inode)
        if claim is None:
            return
        record.claim = claim
        doing = seen.get(claim.thread) if claim.thread else None
        served = claim.how in {*CERTAIN, "polled", "only one busy"}
        served |= claim.how == "born together" and doing is not None and doing.kind != "locks"
        if served and record.served_at is None:
            record.served_at = at

    def _accepting(self, seen: Look) -> set[ThreadId]:
        """The threads that wait for a new connection, and for nothing but that and its like."""
        own = {one.inode for one in self._listening}
        return {
            thread
            for thread, doing in seen.items()
            if doing.kind == "accepts" or (doing.kind in {"polls", "epolls"} and doing.inodes & own)
        }

    def _find_listening(self) -> None:
        """Which of all listening sockets are this server's."""
        own = set().union(*(process.inodes() for process in self.processes))
        everyone = [*self._sockets.listening(), *self._sockets.unix_listening()]
        self._listening = [
            one
            for one in everyone
            if one.inode in own and (not self._ports or one.port in self._ports)
        ]

    def close(self) -> None:
        """Close all that is open."""
        self.processes.close()
        self._sockets.close()
