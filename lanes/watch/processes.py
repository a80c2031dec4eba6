"""Samples what each thread of a server's processes waits in.

A whole sample is read in one tight loop, from files that stay open, because a pool hands on
connections while we read. With 7 ms from the first thread to the last, a third of the claims about
a pool were wrong. Everything else is looked up afterwards.
"""

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from lanes.watch.family import Family
from lanes.watch.process import LINE, NOTHING, Process, ThreadId


class Processes:
    """A server's processes: those that were named, and their descendants."""

    def __init__(self, pids: Iterable[int]) -> None:
        """Raises OSError if none of them can be read."""
        self._processes: dict[int, Process] = {}
        self._lines: Mapping[ThreadId, bytes] = {}  # of the last sample
        self.runs = 0  # how many samples found that a thread had run
        self._family = Family()
        self.add(pids)

    def add(self, pids: Iterable[int]) -> None:
        """Add these. Raises OSError if there is then no process that can be read."""
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
        """Notice newly forked processes, and those that have ended, zombies included."""
        family = self._family.of(self._processes.keys())
        for pid in self._processes.keys() - family:
            self._processes.pop(pid).close()
        for pid in sorted(family - self._processes.keys()):
            with contextlib.suppress(OSError):  # it has ended, or may not be read
                self._processes[pid] = Process(pid)

    def sockets(self) -> dict[int, tuple[int, int]] | None:
        """Return all their sockets, by inode: the descriptor, and when its process started.

        None if the descriptors of any process may not be read.
        """
        found: dict[int, tuple[int, int]] = {}
        for process in sorted(self, key=attrgetter("started")):
            if process.hidden:
                return None
            for inode, descriptor in process.sockets().items():
                found.setdefault(inode, (descriptor, process.started))
        return found

    def sample(self) -> Mapping[ThreadId, bytes]:
        """Read the threads' lines, as close together as possible; empty if one may not be read.

        Returns the same mapping as before if no thread has run since.
        """
        running = [one for one in self if one.has_run()]  # before any line is read
        if not running and len(self._lines) == sum(len(one.files) for one in self):
            return self._lines
        self.runs += 1
        rest = self._processes.keys() - {one.pid for one in running}
        lines = {thread: line for thread, line in self._lines.items() if thread.pid in rest}
        threads = [thread for one in running for thread in one.files]
        files = [file for one in running for file in one.files.values()]
        try:
            read = [os.pread(file, LINE, 0) for file in files]
            lines.update(zip(threads, read, strict=True))
        except OSError:  # from one of them
            lines.update(self._each(zip(threads, files, strict=True)))
        self._lines = lines
        return lines

    def _each(self, files: Iterable[tuple[ThreadId, int]]) -> Iterator[tuple[ThreadId, bytes]]:
        """Yield the lines of threads that have not ended, then close the files of the others."""
        ended = []
        for thread, file in files:
            try:
                yield thread, os.pread(file, LINE, 0) if file != NOTHING else b""
            except PermissionError:
                yield thread, b""
            except OSError:
                ended.append(thread)
        for thread in ended:
            self._processes[thread.pid].end(thread)

    def close(self) -> None:
        """Close all their files."""
        while self._processes:
            self._processes.popitem()[1].close()
