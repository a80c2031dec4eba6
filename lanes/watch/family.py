"""Finds the descendants of a server's processes."""

import contextlib
from collections.abc import Iterable

from lanes.watch import proc

AFRESH = 20  # searches after which all parents are read again: a process may be reparented


class Family:
    """Remembers parents from search to search, so that most are not read again."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}  # of all processes
        self._searches = 0

    def of(self, roots: Iterable[int]) -> set[int]:
        """Return these and their descendants that have not ended; a zombie has ended."""
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
    """Return its parent; None if it has ended. A zombie with several threads has not."""
    with contextlib.suppress(OSError):
        stat = proc.stat(pid)
        if not stat.is_zombie or stat.threads > 1:
            return stat.parent
    return None
