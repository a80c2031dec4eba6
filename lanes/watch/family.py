"""Who descends from a server's processes: what it has forked, and what that has."""

import contextlib
from collections.abc import Iterable

from lanes.watch import proc

AFRESH = 20  # searches after which all are asked again: a process may get another parent


class Family:
    """Goes on from search to search: whose parent is known is not asked again."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}  # of all processes
        self._searches = 0

    def of(self, roots: Iterable[int]) -> set[int]:
        """These and their descendants, but for those that have ended; zombies have."""
        self._searches += 1
        pids, family = proc.pids(), set(roots)
        if self._searches % AFRESH == 0:
            self._parents.clear()
        known, self._parents = self._parents, {}
        for pid in pids:
            parent = known.get(pid)
            if parent is None or pid in family:
                parent = _parent(pid)
            if parent is not None:
                self._parents[pid] = parent
        family &= self._parents.keys()
        grown = True
        while grown:
            children = {pid for pid, one in self._parents.items() if one in family} - family
            family |= children
            grown = bool(children)
        return family


def _parent(pid: int) -> int | None:
    """None if it has ended; its first thread may have ended before others."""
    with contextlib.suppress(OSError):
        stat = proc.stat(pid)
        if not stat.is_zombie or stat.threads > 1:
            return stat.parent
    return None
