"""A server's connections, read as often as they need to be.

A list of all costs the kernel a walk through its whole table. So all are listed twice a second, and
at once where there is a sign of a new one; in between only the known ones are read. Of these, if
no thread has run since, only those that no thread waits for: what comes in wakes who waits.

Other processes may listen on the same port (SO_REUSEPORT, or a socket that was inherited). So of
the accepted connections those are the server's that one of its processes has open.
"""

from collections.abc import Collection
from time import monotonic, thread_time

from lanes.watch.evidence import Look
from lanes.watch.processes import Processes
from lanes.watch.sockets import Connection, Sockets

LIST = 0.5  # seconds from one list to the next, without a sign of a new connection
COUNTERS = 0.1  # seconds from one reading of the known ones to the next
MANY = 256  # connections, from which on a list costs less than to look each up
SHARE = 0.03  # of a core for lists: where one takes long, news come later
OPEN = {"established", "close-wait"}

Ends = tuple[str, str]  # local, peer


class Connections:
    """Those of some ports, by their ends: in the backlog a connection has no inode yet."""

    def __init__(self, sockets: Sockets, processes: Processes) -> None:
        self._sockets, self._processes = sockets, processes
        self._open: dict[int, tuple[int, int]] = {}  # inodes: descriptor, start of its process
        self._others = set[int]()  # the inodes of those that are another server's
        self._known: dict[Ends, Connection] = {}
        self.lists = 0  # how often they were listed
        self.accepted = frozenset[int]()  # the inodes of those that are
        self.pending = frozenset[int]()  # and of those with a message that is not answered
        self._look: Look = {}  # the last
        self._served: set[int] = set()  # the inodes that its threads wait for alone
        self._waiting = 0  # in the accept queues
        self._runs = 0  # of the processes, when they were read last
        self._strangers: set[int] = set()  # inodes that threads wait for, but of no connection
        self._listed_at = self._read_at = self._cost = 0.0

    def read(self, look: Look, ports: Collection[int]) -> dict[Ends, Connection]:
        """What is known of them now, the same mapping if nothing has changed.

        `look` may have a sign of a new one, or that the server has ended.
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
        """Where something may come in though no thread runs: those that nobody waits for alone."""
        return [one for one in self._known.values() if one.inode not in self._served]

    def check(self, inodes: Collection[int]) -> dict[Ends, Connection]:
        """What is known once those have been read anew: perhaps they are closed by now."""
        self._look_up([one for one in self._known.values() if one.inode in inodes])
        return self._known

    def _has_news(self, look: Look, ports: Collection[int]) -> bool:
        """Whether a thread is new, or serves a stranger, or the accept queues have changed."""
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
        # While others come and go, the kernel may pass one over: what is missing is looked up.
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
        """Those that are the server's, as far as can be seen, in the order in which they came."""
        new = {one.inode for one in found} - self.accepted - {0}
        before, self._others = self._others, self._not_open(new)
        if self._others - before:  # a child that the server has just forked may have them
            self._processes.follow()
            self._others = self._not_open(self._others)
        foreign = self._others
        if any(one.inode == 0 for one in found) and self._others_wait(ports):
            foreign = foreign | {0}  # for whom these wait cannot be seen
        return sorted((one for one in found if one.inode not in foreign), key=self._came)

    def _not_open(self, inodes: set[int]) -> set[int]:
        if not inodes or (open_ := self._processes.sockets()) is None:
            return set()
        self._open = open_
        return inodes - open_.keys()

    def _came(self, one: Connection) -> tuple[bool, int, tuple[int, int], int]:
        """By what those are sorted that are found at once: the kernel does not say when each came.

        accept(2) gives the lowest free descriptor. Among processes that have the same, whoever
        started first is taken to have the older one. In the backlog they are sorted by age.
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
    """The same, but pending if messages have come since it was read before, and no answer has.

    The kernel does not tell which came first if both were within 4 milliseconds.
    """
    if before and now.age:
        now = now._replace(age=before.age)
    if not before or before.inode not in {0, now.inode} or now.answers != before.answers:
        return now
    unanswered = now.segments > before.segments or (before.pending and now.segments > 0)
    if unanswered and not now.pending:
        now = now._replace(pending=True)
    return before if now == before else now
