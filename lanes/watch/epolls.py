"""What a process's epoll sets wait for, from /proc/PID/fdinfo (proc(5))."""

import re
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

WATCHED = re.compile(rb"^tfd:\s+(\d+) events:\s+(\w+)", re.MULTILINE)
EPOLLONESHOT = 1 << 30
DISARMED = 0xF0000018  # all that is left of its events where a descriptor is not waited for
EACH = 100e-6  # seconds for which each socket that an epoll watches keeps its list from being read


class Epolled(NamedTuple):
    """What an epoll set waits for: without those that are disarmed."""

    inodes: frozenset[int] = frozenset()  # of sockets
    oneshot: bool = False  # whether what is ready is whoever's is woken, until it is armed again


class Epolls:
    """Those of a process; `inode` is the one of the socket that a descriptor is, or 0."""

    def __init__(self, pid: int, inode: Callable[[int], int]) -> None:
        self._folder = f"/proc/{pid}/fdinfo"
        self._inode = inode
        self._known: dict[int, tuple[float, Epolled]] = {}  # and when it is stale

    def waits_for(self, descriptor: int) -> Epolled:
        """What one waits for; of a moment ago if that is much."""
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
