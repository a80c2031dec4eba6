"""When threads and connections appeared, counted in looks.

A thread is seen at the next look, a connection when all are listed next. So the threads that are as
new as a connection are those that appeared since the list before.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

TOGETHER = 2  # looks within which what appears counts as new
SOON = 5  # looks between a thread and the connection that it was started for
OLDER = 25  # looks by which a thread is older than a connection, which may be found late
One = TypeVar("One", bound=Hashable)


class Newcomers:
    """The threads and connections of a server. What is there at the first look is never new."""

    def __init__(self) -> None:
        self._looks = -1  # the number of the last
        self._lists = 0  # how often connections had been listed by then
        self._listed = self._listed_before = 0  # the looks of the last two lists
        self._threads: dict[ThreadId, int] = {}  # the look in which each appeared
        self._connections: dict[int, int] = {}  # by inode
        self._unlisted: dict[int, int] = {}  # and the look of the last list without it

    def update(self, look: Look, connections: Collection[int], lists: int) -> None:
        """Note which are there now; connections were listed `lists` times."""
        self._looks += 1
        if lists != self._lists:
            self._lists = lists
            self._listed_before, self._listed = self._listed, self._looks
        _appear(self._threads, look, self._looks)
        _appear(self._connections, connections, self._looks)
        _appear(self._unlisted, connections, self._listed_before)

    def skip(self) -> None:
        """Note that there was a look like the one before."""
        self._looks += 1

    def threads(self) -> list[ThreadId]:
        """Those that are new."""
        return _since(min(self._listed_before, self._looks - TOGETHER), self._threads)

    def connections(self) -> list[int]:
        """Those that are new."""
        return _since(self._looks - TOGETHER, self._connections)

    def is_older(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread was there long before the connection."""
        return self._threads.get(thread, 0) + OLDER < self._connections.get(inode, 0)

    def came_with(self, thread: ThreadId, inode: int) -> bool:
        """Whether both were seen to come, one soon after the other."""
        came = self._threads.get(thread, 0)
        since, until = self._unlisted.get(inode, 0), self._connections.get(inode, 0)
        return came > 0 and since - SOON < came <= until + SOON


def _since(since: int, appeared: Mapping[One, int]) -> list[One]:
    return [one for one, look in appeared.items() if look > max(since, 0)]


def _appear(appeared: dict[One, int], now: Collection[One], look: int) -> None:
    for one in appeared.keys() - now:
        del appeared[one]
    for one in now:
        appeared.setdefault(one, look)
