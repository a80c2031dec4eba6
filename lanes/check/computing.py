"""Whether the server computes although nobody is connected: a loop that has not ended."""

import os
import sys
import time
from contextlib import suppress
from itertools import takewhile

from lanes.check.lookout import Find
from lanes.watch import proc
from lanes.watch.target import NotFound

SECONDS = 0.3  # for one look
LOOKS = 3  # the server may still have had something to do
BUSY = 0.5  # share of a core; a server that waits uses next to none


class Computing:
    """The processor time of the server's processes. Where they cannot be seen, it is 0."""

    def __init__(self, find: Find) -> None:
        """Look for the first time, before the checks: some servers poll all the time."""
        self._find = find
        self._polls = bool(self._steadily())

    def goes_on(self) -> float:
        """Return the share of a core that it still uses; 0 if it waits, or has always computed."""
        return 0.0 if self._polls else self._steadily()

    def _steadily(self) -> float:
        """Return the least share of a core in several looks; 0 if it is not BUSY in all of them."""
        shares = list(takewhile(BUSY.__lt__, (self._share() for _ in range(LOOKS))))
        return min(shares) if len(shares) == LOOKS else 0.0

    def _share(self) -> float:
        if sys.platform == "linux":
            with suppress(NotFound):
                roots = set(self._find().pids)
                before, began = _ticks(roots), time.monotonic()
                time.sleep(SECONDS)
                ticks = _ticks(roots) - before
                return ticks / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began)
        return 0.0


def _ticks(roots: set[int]) -> int:
    """Return the processor time of these processes and of all that descend from them."""
    stats: dict[int, proc.Stat] = {}
    for pid in proc.pids():
        with suppress(OSError):  # it has just ended
            stats[pid] = proc.stat(pid)
    found, more = set[int](), roots & stats.keys()
    while more:
        found |= more
        more = {pid for pid, stat in stats.items() if stat.parent in more} - found
    return sum(stats[pid].ticks for pid in found)
