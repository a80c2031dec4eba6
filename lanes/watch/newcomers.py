"""When threads and connections appeared, counted in looks."""

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

TOGETHER = 2  # looks within which what appears counts as new
OLDER = 25  # looks by which a thread is older than a connection, which may be found late
One = TypeVar("One", bound=Hashable)


class Newcomers:
    """The threads and connections of a server. What is there at the first look is never new."""

    def __init__(self) -> None:
        self._looks = -1  # the number of the last
        self._threads: dict[ThreadId, int] = {}  # the look in which each appeared
        self._connections: dict[int, int] = {}  # by inode

    def update(self, look: Look, connections: Collection[int]) -> None:
        """Note which are there now."""
        self._looks += 1
        _appear(self._threads, look, self._looks)
        _appear(self._connections, connections, self._looks)

    def skip(self) -> None:
        """Note that there was a look like the one before."""
        self._looks += 1

    def threads(self) -> list[ThreadId]:
        """Those that are new."""
        return self._new(self._threads)

    def connections(self) -> list[int]:
        """Those that are new."""
        return self._new(self._connections)

    def is_older(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread was there long before the connection."""
        return self._threads.get(thread, 0) + OLDER < self._connections.get(inode, 0)

    def _new(self, appeared: Mapping[One, int]) -> list[One]:
        return [one for one, look in appeared.items() if look > max(self._looks - TOGETHER, 0)]


def _appear(appeared: dict[One, int], now: Collection[One], look: int) -> None:
    for one in appeared.keys() - now:
        del appeared[one]
    for one in now:
        appeared.setdefault(one, look)
