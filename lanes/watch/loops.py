"""Whether the pollers also answer: an event loop may have helper threads that look like a pool's.

When a pool answers a message, a worker has run. So if messages are answered while no thread but the
pollers runs, the pollers answer themselves. A helper that runs at regular intervals proves nothing.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId
from lanes.watch.runs import Runs
from lanes.watch.sockets import Connection

SURE = 3  # readings more that speak for a loop than against it: a segment may be sent twice
LAST = 100  # readings of a process that count


class Loops:
    """Goes on from look to look."""

    def __init__(self) -> None:
        self.found = frozenset[int]()  # the processes whose pollers answer themselves
        self.workers = frozenset[ThreadId]()  # threads that have run while messages were answered
        self._runs = Runs()
        # By process, for each reading at which messages were answered: who else has run.
        self._others = defaultdict[int, deque[set[ThreadId]]](lambda: deque(maxlen=LAST))

    def update(
        self, look: Look, pollers: Mapping[int, ThreadId], connections: Iterable[Connection]
    ) -> None:
        """Note which threads run; `pollers` maps the inodes of the connections to their pollers."""
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
        """The processes for which it is known by now, or nearly."""
        return self.found | {pid for pid in self._others if self._score(pid) < 0}

    def _score(self, pid: int) -> int:
        """Readings in favour of a loop, minus those against it."""
        others = self._others[pid]
        return len(others) - 2 * sum(bool(ran - self.helpers) for ran in others)
