"""One look at a server: what each thread waits in, and on which sockets."""

from collections.abc import Mapping
from typing import NamedTuple

from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.waits import Kind, Wait

ON_DESCRIPTORS = {"reads", "writes", "polls", "epolls", "accepts"}
NONE: frozenset[int] = frozenset()


class Doing(NamedTuple):
    """What a thread does, and the inodes of the sockets that it does it on."""

    kind: Kind
    inodes: frozenset[int] = NONE
    alone: bool = False  # it waits for one descriptor, which is that socket
    address: int = 0  # of the futex that it waits on
    call: str = ""

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
        """Whether it waits for whichever of several comes first."""
        return self.kind == "epolls" or (self.kind == "polls" and not self.alone)


Look = Mapping[ThreadId, Doing]
RESTART = "restart_syscall"  # a thread that was stopped goes on with the call that it was in
TURN = 200  # threads, or more, of which each look reads again what they wait for


class Evidence:
    """What the threads of some processes do.

    To find out which connection a thread waits for costs more than to see that it still waits for
    the same descriptor. But that may be another connection by now, so those that have not changed
    are read again too: in turns where there are many, all of them after a change of connections.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._lines: Mapping[ThreadId, bytes] = {}  # of the last look
        self._waits: dict[ThreadId, Wait] = {}
        self._look: Look = {}
        self._looks = 0

    def look(self, *, closely: bool) -> Look:
        """Look at all threads at once, then at the descriptors that they wait for.

        Returns the same mapping as before if nothing has changed. `closely`: in no turns.
        """
        before, self._lines = self._lines, self._processes.sample()
        self._looks += 1
        turns = 1 if closely else 1 + len(self._lines) // TURN
        read = {}
        for thread, line in self._lines.items():
            if line != before.get(thread):
                self._parse(thread, line)
                read[thread] = self._doing(thread)
            elif (known := self._look[thread]).kind in ON_DESCRIPTORS and (
                not known.alone or (thread.tid + self._looks) % turns == 0
            ):
                if known.kind == "polls":  # an array of others may stand where theirs stood
                    self._parse(thread, line)
                read[thread] = self._doing(thread)
        for thread in before.keys() - self._lines.keys():
            del self._waits[thread]
        if before.keys() != self._lines.keys() or any(
            doing != self._look.get(thread) for thread, doing in read.items()
        ):
            self._look = {thread: read.get(thread) or self._look[thread] for thread in self._lines}
        return self._look

    def _parse(self, thread: ThreadId, line: bytes) -> None:
        wait = self._processes[thread.pid].wait(line)
        if wait.call != RESTART or thread not in self._waits:
            self._waits[thread] = wait

    def _doing(self, thread: ThreadId) -> Doing:
        process, wait = self._processes[thread.pid], self._waits[thread]
        if wait.kind == "epolls":
            return Doing(wait.kind, process.epolled(wait.descriptors[0]), call=wait.call)
        if wait.kind not in ON_DESCRIPTORS:
            return Doing(wait.kind, address=wait.address, call=wait.call)
        inodes = frozenset(map(process.inode, wait.descriptors)) - {0}
        alone = len(wait.descriptors) == len(inodes) == 1
        return Doing(wait.kind, inodes, alone, call=wait.call)
