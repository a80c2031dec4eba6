"""Looks at a server's processes again and again, and keeps what it has seen."""

import threading
import time
from collections.abc import Collection

from lanes.watch.attribution import Attribution
from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.connections import Connections
from lanes.watch.evidence import Evidence, Look
from lanes.watch.kinds import History, Kinds
from lanes.watch.listeners import Listeners
from lanes.watch.loops import Loops
from lanes.watch.moment import Moment
from lanes.watch.pace import Pace
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.records import Record, Records
from lanes.watch.runtimes import Runtime
from lanes.watch.sockets import Sockets

TRIES = 50  # looks that may fail in a row
FAMILY, SOON = 0.5, 0.1  # seconds between searches for new processes; if something is missing


class Watcher:
    """Follows one server. Only one thread may call `look`; any may call the rest."""

    def __init__(self, pids: Collection[int], ports: Collection[int] = ()) -> None:
        """Watch these processes and what they fork. Raises OSError if none can be read.

        Without `ports`, watch all that they listen on.
        """
        self.pid = min(pids)
        self.processes = Processes(pids)
        self._evidence = Evidence(self.processes)
        self._sockets = Sockets(self.pid)
        self._listeners = Listeners(self._sockets, ports)
        self.records = Records()
        self.kinds = Kinds()
        self.changing = threading.Lock()  # held while the records change
        self.started_at = time.time()
        self.runtime = Runtime()
        self._attribution = Attribution()
        self._connections = Connections(self._sockets, self.processes)
        self._loops = Loops()
        self._gone = frozenset[int]()  # inodes of connections that closed in the last look
        self._told: tuple[object, object, object] = (None, None, None)  # what claims follow from
        self._unclaimed = False  # whether an accepted connection has no known thread
        self._searched_at = 0.0
        self._pace = Pace()
        self.moment = Moment(self.started_at, {}, {}, 0, (), frozenset(), False, self._pace.rate)

    def run(self, over: threading.Event) -> None:
        """Look until `over` is set or no process is left."""
        failed = 0
        while self.processes and not over.is_set():
            self._pace.begin()
            try:
                self.look()
                failed = 0
            except OSError:  # the process whose socket tables we read may just be ending
                failed += 1
                self.processes.follow()
                if self.processes and failed > TRIES:
                    raise
            over.wait(self._pace.pause())
        if not self.processes:
            self.look()  # to note that all clients have left

    def go_on_with(self, pids: Collection[int]) -> None:
        """Watch these in place of processes that have ended. Raises OSError if these have too."""
        self.processes.add(pids)
        self.pid, self.runtime = min(pids), Runtime()
        self._sockets.move(self.pid)

    def look(self) -> None:
        """Look once: first at all threads, then at what else has changed."""
        self.processes.refresh()
        seen = self._evidence.look(self._gone)
        self._search(seen)
        accepting = self._listeners.accepting(seen)
        before = self._connections.accepted
        known = self._connections.read(seen, self._listeners.ports)
        accepted, pending = self._connections.accepted, self._connections.pending
        listening = {one.inode for one in self._listeners.found}
        lists = self._connections.lists
        self._attribution.update(seen, accepted, pending, lists, listening)
        claims = self._attribution.claims()
        # A client whose thread is lost has probably left, and a closed record keeps its claim.
        if lost := self._attribution.lost():
            known = self._connections.check(lost)
        self._gone = before - self._connections.accepted
        self._loops.update(seen, self._attribution.pollers(), known.values())
        at = time.time()
        with self.changing:
            self.records.update(known, at)
            now = seen, known, claims
            if any(one is not last for one, last in zip(now, self._told, strict=True)):
                self._told = now
                self._unclaimed = any(claim.thread is None for claim in claims.values())
                for record in self.records:
                    claim = claims.get(record.connection.inode)
                    if claim and (claim is not record.claim or not record.served_at):
                        self._claim(record, claim, seen, at)
            self.moment = Moment(
                at=at,
                look=seen,
                claims=claims,
                backlog=len(known) - len(self._connections.accepted),
                listening=self._listeners.found,
                acceptors=self._listeners.acceptors,
                accepting=bool(accepting),
                rate=self._pace.rate,
                counted=self._sockets.source == "netlink",
                unheard=self._listeners.unheard,
                history=self._history(seen),
            )

    def _history(self, seen: Look) -> History:
        return History(
            loops=self._loops.found,
            tried=self._loops.tried(),
            sharing=self._attribution.sharing(),
            turns=self._attribution.turns(),
            idled=self._idled(seen),
            workers=self._loops.workers,
            helpers=self._loops.helpers,
        )

    def _idled(self, seen: Look) -> frozenset[ThreadId]:
        """Return threads seen waiting for a lock, as a pool's threads do between messages."""
        if seen is self.moment.look:
            return self.moment.history.idled
        locked = (thread for thread, doing in seen.items() if doing.kind == "locks")
        return (self.moment.history.idled & seen.keys()).union(locked)

    def _search(self, seen: Look) -> None:
        """From time to time, look for new processes and for the sockets that they listen on."""
        now, pause = time.monotonic(), FAMILY
        if self._unclaimed or not self._listeners.found:
            pause = SOON
        if seen and now >= self._searched_at + pause:
            self._searched_at = now
            self.processes.follow()
            self._listeners.find(self.processes)
            accepted = self._connections.accepted
            if self.runtime.find(seen, self._listeners.acceptors, accepted):
                self._claim_less()

    def is_older(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread was there long before the connection."""
        return self._attribution.is_older(thread, inode)

    def came_with(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread appeared when the connection did, and after the first look."""
        return self._attribution.came_with(thread, inode)

    def _claim(self, record: Record, claim: Claim, seen: Look, at: float) -> None:
        doing = seen.get(claim.thread) if claim.thread else None
        locked = doing is None or doing.kind == "locks"
        record.claimed(self.runtime.remains(claim), at, locked=locked)

    def _claim_less(self) -> None:
        """Reduce the claims that were made before the runtime was known."""
        with self.changing:
            for record in self.records.everyone():
                record.claim = self.runtime.remains(record.claim)
                if record.claim == UNKNOWN:
                    record.served_at = None

    def close(self) -> None:
        """Close all files and sockets."""
        self.processes.close()
        self._sockets.close()
