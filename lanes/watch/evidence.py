"""One look at a server: what each thread waits in, and on which sockets."""

from collections.abc import Mapping
from typing import NamedTuple

from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.waits import Kind

ON_SOCKETS = {"reads", "writes", "polls", "accepts"}
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


def look(processes: Processes) -> Look:
    """Look at all threads at once; then find out about the descriptors that they wait for."""
    lines = processes.sample()
    doing = {}
    for thread, line in lines.items():
        process = processes[thread.pid]
        wait = process.wait(thread, line)
        if wait.kind == "epolls":
            doing[thread] = Doing(wait.kind, process.epolled(wait.descriptors[0]), call=wait.call)
        elif wait.kind in ON_SOCKETS:
            inodes = frozenset(map(process.inode, wait.descriptors)) - {0}
            alone = len(wait.descriptors) == len(inodes) == 1
            doing[thread] = Doing(wait.kind, inodes, alone, call=wait.call)
        else:
            doing[thread] = Doing(wait.kind, address=wait.address, call=wait.call)
    return doing
