"""One look at a server: what each thread waits in, and on which sockets."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.waits import Kind, Wait

ON_DESCRIPTORS = {"reads", "writes", "polls", "epolls", "accepts"}
NONE: frozenset[int] = frozenset()


class Doing(NamedTuple):
    """What a thread is doing, and the inodes of the sockets that it waits for."""

    kind: Kind
    inodes: frozenset[int] = NONE
    alone: bool = False  # whether it waits for a single descriptor, which is a socket
    address: int = 0  # of the futex that it waits on
    timed: bool = False  # whether its wait ends by itself
    epoll: int = -1  # the descriptor of the epoll set that it waits for
    oneshot: bool = False  # whether that uses EPOLLONESHOT: the thread it wakes has the connection

    @property
    def busy(self) -> bool:
        """Whether it may be at work: it waits for no socket and for no other thread."""
        return self.kind in {"running", "sleeps", "other"}

    @property
    def serves(self) -> bool:
        """Whether it waits for one connection alone, to read from it or to write to it."""
        return self.alone and self.kind in {"reads", "writes", "polls"}

    @property
    def polls(self) -> bool:
        """Whether it waits for whichever of several descriptors is ready first."""
        return self.kind == "epolls" or (self.kind == "polls" and not self.alone)


Look = Mapping[ThreadId, Doing]
RESTART = "restart_syscall"  # the call of a thread that was stopped and goes on, with its arguments
TURN = 50  # threads that each look reads again in turn, at most; `_several` come on top


class Evidence:
    """Finds out what the threads of some processes are doing.

    It costs more to find out which connection a thread waits for than to see that it still waits
    for the same descriptor. But that may be another connection by now. So threads that have not
    changed are read again too: in turns if there are many, at once if their connection is closed.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._lines: Mapping[ThreadId, bytes] = {}  # of the last look
        self._again: set[ThreadId] = set()  # threads to read again even if their lines are the same
        self._waits: dict[ThreadId, Wait] = {}
        self._blocked: dict[ThreadId, tuple[bytes, Wait]] = {}  # its last call's arguments and wait
        self._look: Look = {}
        self._several: set[ThreadId] = set()  # threads that do not wait for a single socket
        self._looks = 0

    def look(self, gone: AbstractSet[int] = NONE) -> Look:
        """Look at all threads at once, then at the descriptors that they wait for.

        Returns the same mapping as before if nothing has changed. `gone` are the inodes of
        connections that have been closed since.
        """
        before, self._lines = self._lines, self._processes.sample()
        if self._lines is before and not self._again and not gone:
            return self._look
        lines = self._lines
        new = {one for one, line in lines.items() if before.get(one) != line}
        new |= self._again & lines.keys()
        due = (self._due(gone) & lines.keys()) - new
        for thread in new | {one for one in due if self._look[one].kind == "polls"}:
            self._parse(thread, lines[thread])  # a poll's array may have changed
        read = {thread: self._doing(thread) for thread in new | due}
        for thread in before.keys() - lines.keys():
            del self._waits[thread]
            self._blocked.pop(thread, None)
        changed = [thread for thread, doing in read.items() if doing != self._look.get(thread)]
        self._again = set()
        for thread in changed:
            if read[thread].inodes and self._has_gone_on(thread):
                read[thread] = Doing("running")
                self._again.add(thread)
        if changed or before.keys() != lines.keys():
            self._look = {thread: read.get(thread) or self._look[thread] for thread in lines}
            self._several = {one for one, doing in self._look.items() if not doing.alone}
        return self._look

    def _due(self, gone: AbstractSet[int]) -> set[ThreadId]:
        """Return the threads to read again although their lines have not changed."""
        self._looks += 1
        turns = 1 + len(self._look) // TURN
        due = {*list(self._look)[self._looks % turns :: turns], *self._several}
        if gone:
            due |= {one for one, doing in self._look.items() if doing.inodes & gone}
        return {one for one in due if self._look[one].kind in ON_DESCRIPTORS}

    def _has_gone_on(self, thread: ThreadId) -> bool:
        """Whether it no longer waits: its descriptor may have been reused before we read it."""
        return self._processes[thread.pid].line(thread) != self._lines[thread]

    def _parse(self, thread: ThreadId, line: bytes) -> None:
        wait = self._processes[thread.pid].wait(line)
        _, _, arguments = line.partition(b" ")
        if wait.call == RESTART:
            before, blocked = self._blocked.get(thread, (b"", wait))
            wait = blocked if arguments == before else wait
        elif arguments:
            self._blocked[thread] = arguments, wait
        self._waits[thread] = wait

    def _doing(self, thread: ThreadId) -> Doing:
        process, wait = self._processes[thread.pid], self._waits[thread]
        if wait.kind == "epolls":
            [epoll] = wait.descriptors
            inodes, oneshot = process.epolled(epoll)
            return Doing(wait.kind, inodes, timed=wait.timed, epoll=epoll, oneshot=oneshot)
        if wait.kind not in ON_DESCRIPTORS:
            return Doing(wait.kind, address=wait.address, timed=wait.timed)
        inodes = frozenset(map(process.inode, wait.descriptors)) - {0}
        alone = len(wait.descriptors) == len(inodes) == 1
        return Doing(wait.kind, inodes, alone, timed=wait.timed)
