"""A server's connections, read no more often than necessary.

To list all of them, the kernel walks its whole table. So all are listed twice a second, and at once
if there is a sign of a new one. In between, only the known ones are read; and if no thread has run
since, only those that no thread waits for alone, because incoming data wakes a thread that waits.

Other processes may listen on the same port (SO_REUSEPORT, or an inherited socket). So an accepted
connection counts as the server's only if one of its processes has it open.
"""

from collections.abc import Collection
from time import monotonic, thread_time

from lanes.watch.evidence import Look
from lanes.watch.processes import Processes
from lanes.watch.sockets import Connection, Sockets

LIST = 0.5  # seconds between lists, without a sign of a new connection
COUNTERS = 0.1  # seconds between readings of the known connections
MANY = 256  # connections, or more: listing all costs less than looking up each
SHARE = 0.03  # of a core for lists: if one takes long, new connections are found later
OPEN = {"established", "close-wait"}

Ends = tuple[str, str]  # local, peer


class Connections:
    """The connections on some ports, by their ends: in the backlog they have no inode yet."""

    def __init__(self, sockets: Sockets, processes: Processes) -> None:
        self._sockets, self._processes = sockets, processes
        self._open: dict[int, tuple[int, int]] = {}  # by inode: descriptor, start of its process
        self._others = set[int]()  # inodes of another server's connections
        self._known: dict[Ends, Connection] = {}
        self.lists = 0  # how often all have been listed
        self.accepted = frozenset[int]()  # inodes of accepted connections
        self.pending = frozenset[int]()  # inodes of those with an unanswered message
        self._look: Look = {}  # the last look
        self._served: set[int] = set()  # inodes that a thread waits for alone
        self._waiting = 0  # connections in the accept queues
        self._runs = 0  # `runs` of the processes at the last reading
        self._strangers: set[int] = set()  # inodes that threads wait for but that are not listed
        self._listed_at = self._read_at = self._cost = 0.0

    def read(self, look: Look, ports: Collection[int]) -> dict[Ends, Connection]:
        """Return the known connections; the same mapping as before if nothing has changed.

        `look` may show a sign of a new one, or, if empty, that the server has ended.
        """
        if not look:
            self._know({})
            return self._known
        now, pause, news = monotonic(), self._cost / SHARE, self._has_news(look, ports)
        may_differ = (
            self._known.values() if self._processes.runs != self._runs else self._unserved()
        )
        if not news:
            pause = max(pause, COUNTERS if len(may_differ) >= MANY else LIST)
        if now >= self._listed_at + pause:
            self._listed_at = self._read_at = now
            self._runs = self._processes.runs
            self._list(ports)
        elif len(may_differ) < MANY and now >= self._read_at + COUNTERS:
            self._read_at = now
            self._runs = self._processes.runs
            self._look_up(may_differ)
        return self._known

    def _unserved(self) -> list[Connection]:
        """Return those that no thread waits for alone: data may arrive there and wake no thread."""
        return [one for one in self._known.values() if one.inode not in self._served]

    def check(self, inodes: Collection[int]) -> dict[Ends, Connection]:
        """Read these again, as they may be closed by now; return the known connections."""
        self._look_up([one for one in self._known.values() if one.inode in inodes])
        return self._known

    def _has_news(self, look: Look, ports: Collection[int]) -> bool:
        """Whether a thread is new or serves an unknown connection, or the accept queues changed."""
        waiting = sum(one.waiting for one in self._sockets.listening() if one.port in ports)
        news = waiting != self._waiting
        if look is not self._look:
            self._served = {one for doing in look.values() if doing.serves for one in doing.inodes}
            news = news or bool(look.keys() - self._look.keys())
        self._look, self._waiting = look, waiting
        return news or bool(self._served - self.accepted - self._strangers)

    def _list(self, ports: Collection[int]) -> None:
        self.lists += 1
        began = thread_time()
        found = self._sockets.connections(ports)
        # While others come and go, the kernel may skip one, so look up those that are missing.
        missing = self.accepted - {one.inode for one in found}
        if gone := [one for one in self._known.values() if one.inode in missing]:
            found += self._sockets.look_up(gone).values()
        self._know(
            {
                (one.local, one.peer): _since(self._known.get((one.local, one.peer)), one)
                for one in self._own(found, ports)
                if one.state in OPEN
            }
        )
        self._strangers = self._served - {one.inode for one in found}
        self._cost = thread_time() - began

    def _own(self, found: Collection[Connection], ports: Collection[int]) -> list[Connection]:
        """Return those that are the server's, as far as we can see, in order of arrival."""
        new = {one.inode for one in found} - self.accepted - {0}
        before, self._others = self._others, self._not_open(new)
        if self._others - before:  # a child that the server has just forked may have them
            self._processes.follow()
            self._others = self._not_open(self._others)
        foreign = self._others
        if any(one.inode == 0 for one in found) and self._others_wait(ports):
            foreign = foreign | {0}  # nothing shows which server these wait for
        return sorted((one for one in found if one.inode not in foreign), key=self._came)

    def _not_open(self, inodes: set[int]) -> set[int]:
        if not inodes or (open_ := self._processes.sockets()) is None:
            return set()
        self._open = open_
        return inodes - open_.keys()

    def _came(self, one: Connection) -> tuple[bool, int, tuple[int, int], int]:
        """Return a sort key for those found at once: the kernel does not say when each came.

        accept(2) returns the lowest free descriptor. If descriptors are equal, the older process
        is taken to have the older connection. The backlog comes last, sorted by age.
        """
        return not one.inode, -one.age, self._open.get(one.inode, (0, 0)), one.inode

    def _others_wait(self, ports: Collection[int]) -> bool:
        """Whether clients wait for another server that listens on these ports."""
        listening = self._sockets.listening()
        waited_for = {one.inode for one in listening if one.port in ports and one.waiting}
        return bool(self._not_open(waited_for))

    def _look_up(self, known: Collection[Connection]) -> None:
        asked = {one.inode for one in known} - {0}
        now = self._sockets.look_up(one for one in known if one.inode)
        self._know(
            {
                ends: _since(one, now.get(one.inode, one))
                for ends, one in self._known.items()
                if one.inode not in asked or (one.inode in now and now[one.inode].state in OPEN)
            }
        )

    def _know(self, known: dict[Ends, Connection]) -> None:
        if known != self._known:
            self._known = known
            self.accepted = frozenset(one.inode for one in known.values() if one.inode)
            self.pending = frozenset(one.inode for one in known.values() if one.pending) - {0}


def _since(before: Connection | None, now: Connection) -> Connection:
    """Return `now`, but pending if messages have come since `before` and no answer has been sent.

    The kernel does not show which was first if both were within 4 milliseconds.
    """
    if before and now.age:
        now = now._replace(age=before.age)
    if not before or before.inode not in {0, now.inode} or now.answers != before.answers:
        return now
    unanswered = now.segments > before.segments or (before.pending and now.segments > 0)
    if unanswered and not now.pending:
        now = now._replace(pending=True)
    return before if now == before else now
