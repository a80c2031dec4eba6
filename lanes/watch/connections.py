"""A server's connections, read as often as they need to be.

A list of all costs the kernel a walk through its whole table. So all are listed twice a second, and
at once where there is a sign of a new one; in between only the known ones are read.
"""

from collections.abc import Collection
from time import monotonic, thread_time

from lanes.watch.evidence import Look
from lanes.watch.sockets import Connection, Sockets

LIST = 0.5  # seconds from one list to the next, without a sign of a new connection
COUNTERS = 0.1  # seconds from one reading of the known ones to the next
SHARE = 0.05  # of a core for lists: where one takes long, news come later
OPEN = {"established", "close-wait"}

Ends = tuple[str, str]  # local, peer


class Connections:
    """Those of some ports, by their ends: in the backlog a connection has no inode yet."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._known: dict[Ends, Connection] = {}
        self._look: Look = {}  # the last
        self._waiting = 0  # in the accept queues
        self._strangers: set[int] = set()  # inodes that threads wait for, but of no connection
        self._listed_at = self._read_at = self._cost = 0.0

    def read(self, look: Look, ports: Collection[int]) -> dict[Ends, Connection]:
        """What is known of them now; `look` may have a sign of a new one."""
        now, pause = monotonic(), self._cost / SHARE
        if not self._has_news(look, ports):
            pause = max(pause, LIST)
        if now >= self._listed_at + pause:
            self._listed_at = self._read_at = now
            self._list(look, ports)
        elif now >= self._read_at + COUNTERS:
            self._read_at = now
            self._look_up(self._known.values())
        return self._known

    def check(self, inodes: Collection[int]) -> dict[Ends, Connection]:
        """What is known once those have been read anew: perhaps they are closed by now."""
        self._look_up([one for one in self._known.values() if one.inode in inodes])
        return self._known

    def _has_news(self, look: Look, ports: Collection[int]) -> bool:
        """Whether a thread is new, or serves a stranger, or the accept queues have changed."""
        waiting = sum(one.waiting for one in self._sockets.listening() if one.port in ports)
        known = {one.inode for one in self._known.values()} | self._strangers
        news = look.keys() - self._look.keys() or waiting != self._waiting or _served(look) - known
        self._look, self._waiting = look, waiting
        return bool(news)

    def _list(self, look: Look, ports: Collection[int]) -> None:
        began = thread_time()
        found = self._sockets.connections(ports)
        self._cost = thread_time() - began
        self._known = {
            (one.local, one.peer): _since(self._known.get((one.local, one.peer)), one)
            for one in found
            if one.state in OPEN
        }
        self._strangers = _served(look) - {one.inode for one in found}

    def _look_up(self, known: Collection[Connection]) -> None:
        asked = {one.inode for one in known} - {0}
        now = self._sockets.look_up(one for one in known if one.inode)
        self._known = {
            ends: _since(one, now.get(one.inode, one))
            for ends, one in self._known.items()
            if one.inode not in asked or (one.inode in now and now[one.inode].state in OPEN)
        }


def _since(before: Connection | None, now: Connection) -> Connection:
    """The same, but pending if messages have come since it was read before, and no answer has.

    The kernel does not tell which came first if both were within 4 milliseconds.
    """
    if not before or before.inode not in {0, now.inode} or now.answers != before.answers:
        return now
    unanswered = now.segments > before.segments or (before.pending and now.segments > 0)
    return now._replace(pending=True) if unanswered else now


def _served(look: Look) -> set[int]:
    return {inode for doing in look.values() if doing.serves for inode in doing.inodes}
