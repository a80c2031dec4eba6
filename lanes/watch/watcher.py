"""Looks at a server's processes again and again, and tells what it has seen as a snapshot."""

import threading
import time
from collections.abc import Collection
from typing import NamedTuple

from lanes.watch.attribution import CERTAIN, Attribution, Claim
from lanes.watch.connections import Connections
from lanes.watch.evidence import Look, look
from lanes.watch.kinds import Kinds
from lanes.watch.listeners import Listeners
from lanes.watch.loops import Loops
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.records import Record, Records
from lanes.watch.sockets import Listening, Sockets

RATE = 50.0  # looks a second
SHARE = 0.1  # of a core: where looking would cost more, the rate falls
TRIES = 50  # looks that may fail in a row
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
    loops: frozenset[int] = frozenset()  # processes whose pollers answer themselves


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
        self._listeners = Listeners(self._sockets, ports)
        self.records = Records()
        self.kinds = Kinds()
        self.changing = threading.Lock()  # held while the records change
        self.started_at = time.time()
        self.runtime = runtime
        self._attribution = Attribution(runtime=bool(runtime))
        self._connections = Connections(self._sockets)
        self._loops = Loops()
        self._unclaimed = False  # whether an accepted connection has no thread that is known
        self._searched_at = 0.0
        self._cost = 0.0  # of the last look, seconds of processor time
        self.moment = Moment(self.started_at, {}, {}, 0, (), frozenset(), False, RATE)

    def run(self, over: threading.Event) -> None:
        """Look until it is over, or until no process is left."""
        failed = 0
        while self.processes and not over.is_set():
            began, cost = time.monotonic(), time.thread_time()
            try:
                self.look()
                failed = 0
            except OSError:  # the process whose tables of sockets are read may just be ending
                failed += 1
                self.processes.follow()
                if self.processes and failed > TRIES:
                    raise
            self._cost += 0.2 * (time.thread_time() - cost - self._cost)
            pause = max(1 / RATE, self._cost / SHARE) - (time.monotonic() - began)
            over.wait(max(pause, 0))
        if not self.processes:
            self.look()  # all clients have left

    def look(self) -> None:
        """Look once: first at all threads, then at what else has changed."""
        now = time.monotonic()
        self.processes.refresh()
        seen = look(self.processes)
        if seen and now >= self._searched_at + (SOON if self._unclaimed else FAMILY):
            self._searched_at = now
            self.processes.follow()
            self._listeners.find(self.processes)
        accepting = self._listeners.accepting(seen)
        connections = self._connections.read(seen, self._listeners.ports) if seen else {}
        accepted = {one.inode: one for one in connections.values() if one.inode}
        pending = {inode for inode, one in accepted.items() if one.pending}
        self._attribution.update(seen, accepted.keys(), pending)
        claims = dict(self._attribution.claims())
        # Who has lost its thread has probably left: a record that is closed keeps its claim.
        if lost := self._attribution.lost():
            connections = self._connections.check(lost)
            accepted = {one.inode: one for one in connections.values() if one.inode}
        loops = self._loops.update(seen, self._attribution.pollers(), accepted.values())
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
                listening=self._listeners.found,
                acceptors=self._listeners.acceptors,
                accepting=bool(accepting),
                rate=min(RATE, SHARE / self._cost) if self._cost else RATE,
                loops=loops,
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

    def close(self) -> None:
        """Close all that is open."""
        self.processes.close()
        self._sockets.close()
