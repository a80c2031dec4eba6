"""The threads of a server's processes, and what each waits in: a sample.

A whole sample is read in one tight loop from files that stay open: between the first thread and the
last, a pool hands connections on, and with 7 ms from one to the other a third of the claims on a
pool were wrong. Everything else is looked up afterwards.
"""

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from operator import attrgetter

from lanes.watch import proc
from lanes.watch.process import LINE, NOTHING, Process, ThreadId


class Processes:
    """A server's processes: the one that was named, and what it has forked."""

    def __init__(self, pids: Iterable[int]) -> None:
        """Raises OSError if none of them can be looked at."""
        self._processes: dict[int, Process] = {}
        self.add(pids)

    def add(self, pids: Iterable[int]) -> None:
        """Look at these too. Raises OSError if then there is nobody to look at."""
        failed: OSError = ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        for pid in pids:
            try:
                self._processes[pid] = Process(pid)
            except OSError as error:
                failed = error
        if not self._processes:
            raise failed

    def __iter__(self) -> Iterator[Process]:
        return iter(self._processes.values())

    def __len__(self) -> int:
        return len(self._processes)

    def __getitem__(self, pid: int) -> Process:
        return self._processes[pid]

    def __contains__(self, pid: int) -> bool:
        return pid in self._processes

    def refresh(self) -> None:
        """Notice new threads, and threads and processes that have ended."""
        for process in list(self):
            try:
                process.refresh()
            except OSError:
                self._processes.pop(process.pid).close()

    def follow(self) -> None:
        """Notice what the processes have forked, and which of them nobody has waited for."""
        parents = _parents()
        for pid in self._processes.keys() - parents:
            self._processes.pop(pid).close()
        family, grown = set(self._processes), True
        while grown:
            children = {pid for pid, parent in parents.items() if parent in family} - family
            family |= children
            grown = bool(children)
        for pid in sorted(family - self._processes.keys()):
            with contextlib.suppress(OSError):  # it has ended, or may not be looked at
                self._processes[pid] = Process(pid)

    def sockets(self) -> dict[int, tuple[int, int]] | None:
        """All their sockets, by inode: the descriptor, and when its process started.

        None if any process's may not be looked at.
        """
        found: dict[int, tuple[int, int]] = {}
        for process in sorted(self, key=attrgetter("started")):
            if process.hidden:
                return None
            for inode, descriptor in process.sockets().items():
                found.setdefault(inode, (descriptor, process.started))
        return found

    def sample(self) -> dict[ThreadId, bytes]:
        """Each thread's line, as close together as can be; empty if it may not be read."""
        files = [item for process in self for item in process.files.items()]
        lines, ended, read = {}, [], os.pread
        for thread, file in files:
            try:
                lines[thread] = read(file, LINE, 0) if file != NOTHING else b""
            except PermissionError:
                lines[thread] = b""
            except OSError:
                ended.append(thread)
        for thread in ended:
            self._processes[thread.pid].end(thread)
        return lines

    def close(self) -> None:
        """Close all their files."""
        while self._processes:
            self._processes.popitem()[1].close()


def _parents() -> dict[int, int]:
    """Each process's parent, without those that have ended and are not waited for (zombies)."""
    parents = {}
    for pid in proc.pids():
        with contextlib.suppress(OSError):
            stat = proc.stat(pid)
            if not stat.is_zombie or stat.threads > 1:  # its first thread may end before others
                parents[pid] = stat.parent
    return parents
