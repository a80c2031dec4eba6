"""What a process's epoll sets wait for, from /proc/PID/fdinfo (proc(5))."""

import re
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

WATCHED = re.compile(rb"^tfd:\s+(\d+) events:\s+(\w+)", re.MULTILINE)
EPOLLONESHOT = 1 << 30
DISARMED = 0xF0000018  # all events that a disarmed descriptor may still have
EACH = 100e-6  # seconds for which a list is cached, for each descriptor in it


class Epolled(NamedTuple):
    """What an epoll set waits for, without disarmed descriptors."""

    inodes: frozenset[int] = frozenset()  # of sockets
    oneshot: bool = False  # whether the thread it wakes has the connection until that is rearmed


class Epolls:
    """The epoll sets of a process; `inode` maps a descriptor to its socket's inode, or to 0."""

    def __init__(self, pid: int, inode: Callable[[int], int]) -> None:
        self._folder = f"/proc/{pid}/fdinfo"
        self._inode = inode
        self._known: dict[int, tuple[float, Epolled]] = {}  # and when each is stale

    def waits_for(self, descriptor: int) -> Epolled:
        """Return what an epoll set waits for; from a moment ago if it is large."""
        now = monotonic()
        stale_at, epolled = self._known.get(descriptor, (0.0, Epolled()))
        if now >= stale_at:
            try:
                with open(f"{self._folder}/{descriptor}", "rb") as info:
                    watched = WATCHED.findall(info.read())
            except OSError:
                watched = []
            events = {int(fd): int(mask, 16) for fd, mask in watched}
            armed = (fd for fd, mask in events.items() if mask & ~DISARMED)
            oneshot = any(mask & EPOLLONESHOT for mask in events.values())
            epolled = Epolled(frozenset(map(self._inode, armed)) - {0}, oneshot)
            self._known[descriptor] = now + len(watched) * EACH, epolled
        return epolled
