"""Finds out if pollers also answer: an event loop's helper threads may look like a pool's.

When a pool answers a message, a worker has run. So if messages are answered while only the pollers
run, the pollers answer them. A helper that runs at regular intervals proves nothing.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId
from lanes.watch.runs import Runs
from lanes.watch.sockets import Connection

SURE = 3  # more readings for a loop than against it: a segment may be sent twice
LAST = 100  # the latest readings of a process, which count


class Loops:
    """Learns from look to look which pollers also answer."""

    def __init__(self) -> None:
        self.found = frozenset[int]()  # the processes whose pollers also answer
        self.workers = frozenset[ThreadId]()  # threads that have run while messages were answered
        self._runs = Runs()
        # By process, for each reading with answered messages: which other threads have run.
        self._others = defaultdict[int, deque[set[ThreadId]]](lambda: deque(maxlen=LAST))

    def update(
        self, look: Look, pollers: Mapping[int, ThreadId], connections: Iterable[Connection]
    ) -> None:
        """Note which threads run; `pollers` maps each connection's inode to its poller."""
        if not self._runs.is_due():
            return
        polling = set(pollers.values())
        pids = {one.pid for one in polling} & {one.pid for one in look.keys() - polling}
        pids -= self.found
        self._runs.read(look, pids, connections)
        answered = pollers.keys() & self._runs.answered()
        for pid in pids & {pollers[one].pid for one in answered}:
            others = {one for one in self._runs.active() if one.pid == pid} - polling
            self._others[pid].append(others)
            self.workers |= others
        for pid in self._others.keys() - {one.pid for one in look}:
            del self._others[pid]
        self.workers = self.workers & look.keys() - self.helpers
        self.found |= {pid for pid in self._others if self._score(pid) >= SURE}

    @property
    def helpers(self) -> frozenset[ThreadId]:
        """Threads that run at regular intervals and serve no client."""
        return self._runs.helpers

    def tried(self) -> frozenset[int]:
        """Return the processes that are loops, and those with more evidence against than for it."""
        return self.found | {pid for pid in self._others if self._score(pid) < 0}

    def _score(self, pid: int) -> int:
        """Return the number of readings for a loop, minus those against it."""
        others = self._others[pid]
        return len(others) - 2 * sum(bool(ran - self.helpers) for ran in others)
