"""Whether those who poll also answer: an event loop may have helpers that look like a pool's.

When a pool answers a message, a worker has run. So if messages are answered while no thread but the
pollers runs, by /proc/PID/task/TID/schedstat, the pollers answer themselves.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Connection

PAUSE = 0.2  # seconds from one reading to the next: longer than counters are kept
SURE = 3  # readings more that speak for a loop than against it: a segment may be sent twice
ENOUGH = 100  # readings after which a process counts as a pool

Counts = Mapping[int, tuple[int, int]]  # by a connection's inode: segments received, and sent


class Loops:
    """The processes whose pollers answer; goes on from look to look."""

    def __init__(self) -> None:
        self._found: set[int] = set()
        self._score: Counter[int] = Counter()
        self._tried: Counter[int] = Counter()
        self._ran: list[Mapping[ThreadId, bytes]] = [{}, {}]  # in the last two readings
        self._counts: Counts = {}  # in the last
        self._read_at = 0.0

    def update(
        self, look: Look, pollers: Mapping[int, ThreadId], connections: Iterable[Connection]
    ) -> frozenset[int]:
        """Those that are known; `pollers` are by the inodes of the connections that they hold."""
        now = monotonic()
        if now >= self._read_at + PAUSE:
            self._read_at = now
            self._read(
                look, pollers, {one.inode: (one.segments, one.answers) for one in connections}
            )
        return frozenset(self._found)

    def tried(self) -> frozenset[int]:
        """The processes of which it is known by now, or as good as known."""
        return frozenset(self._found | {pid for pid, score in self._score.items() if score < 0})

    def _read(self, look: Look, pollers: Mapping[int, ThreadId], counts: Counts) -> None:
        open_ = {one.pid for one in pollers.values()} - self._found
        open_ = {pid for pid in open_ if self._tried[pid] < ENOUGH}
        ran = {thread: _ran(thread) for thread in look if thread.pid in open_}
        # The reading before last is older than the counters: no run can fall between the two.
        before, *_ = self._ran
        known = pollers.keys() & self._counts.keys() & counts.keys()
        for pid in open_ & {pollers[one].pid for one in known if self._is_answered(one, counts)}:
            others = {one for one in ran if one.pid == pid} - set(pollers.values())
            idle = bool(others) and all(before.get(one) == ran[one] for one in others)
            self._tried[pid] += 1
            self._score[pid] += 1 if idle else -1
            if self._score[pid] >= SURE:
                self._found.add(pid)
        self._ran, self._counts = [self._ran[1], ran], counts

    def _is_answered(self, inode: int, counts: Counts) -> bool:
        return all(
            now > before for now, before in zip(counts[inode], self._counts[inode], strict=True)
        )


def _ran(thread: ThreadId) -> bytes:
    """How long and how often it has run; empty if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{thread.pid}/task/{thread.tid}/schedstat").read_bytes()
    return b""
