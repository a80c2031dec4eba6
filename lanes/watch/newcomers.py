"""Remembers when threads and connections appeared, counted in looks.

A new thread is found at the next look, but a new connection only when all are listed again. So the
threads that are as new as a connection are those that appeared since the list before that.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

TOGETHER = 2  # looks for which a thread or connection counts as new
SOON = 5  # looks between a connection and the thread that was started for it, at most
OLDER = 25  # looks by which a thread must be older than a connection, which may be found late
One = TypeVar("One", bound=Hashable)


class Newcomers:
    """The threads and connections of a server. Those of the first look are never new."""

    def __init__(self) -> None:
        self._looks = -1  # the number of the last look
        self._lists = 0  # how often connections had been listed by that look
        self._listed = self._listed_before = 0  # the looks of the last two lists
        self._threads: dict[ThreadId, int] = {}  # the look in which each appeared
        self._connections: dict[int, int] = {}  # the same, by inode
        self._unlisted: dict[int, int] = {}  # by inode: the look of the last list without it

    def update(self, look: Look, connections: Collection[int], lists: int) -> None:
        """Note what is there now; connections have been listed `lists` times so far."""
        self._looks += 1
        if lists != self._lists:
            self._lists = lists
            self._listed_before, self._listed = self._listed, self._looks
        _appear(self._threads, look, self._looks)
        _appear(self._connections, connections, self._looks)
        _appear(self._unlisted, connections, self._listed_before)

    def skip(self) -> None:
        """Note a look that was the same as the one before."""
        self._looks += 1

    def threads(self) -> list[ThreadId]:
        """Return the new threads."""
        return _since(min(self._listed_before, self._looks - TOGETHER), self._threads)

    def connections(self) -> list[int]:
        """Return the inodes of the new connections."""
        return _since(self._looks - TOGETHER, self._connections)

    def is_older(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread was there long before the connection."""
        return self._threads.get(thread, 0) + OLDER < self._connections.get(inode, 0)

    def came_with(self, thread: ThreadId, inode: int) -> bool:
        """Whether the thread appeared when the connection did, and after the first look."""
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
