"""One process of a server: its threads, its descriptors, its memory, read from /proc (proc(5))."""

import contextlib
import errno
import os
from time import clock_gettime_ns
from typing import NamedTuple

from lanes.watch import proc
from lanes.watch.epolls import Epolled, Epolls
from lanes.watch.waits import HIDDEN, RUNNING, Wait, parse

CPUCLOCK_SCHED = 2  # linux/posix-timers.h: what a clock counts
UNKNOWN = -1  # in place of what a clock says
LINE = 512  # bytes, more than a line of `syscall` has
LINKS = 2  # of a directory without any in it
FEW = 4  # threads: to read what fewer wait in costs no more than to ask whether any has run
NOTHING = -1  # in place of the descriptor of a file that may not be opened: any use is an OSError


class ThreadId(NamedTuple):
    """A thread, by the numbers that the watcher's own pid namespace has for it."""

    pid: int
    tid: int


class Process:
    """One process: its threads' open files, its descriptors, its memory."""

    def __init__(self, pid: int) -> None:
        """Raises OSError if it is gone. What may not be looked at stays hidden (rights.py)."""
        self.pid = pid
        self.started = proc.stat(pid).started
        self.files: dict[ThreadId, int] = {}
        self._ran = UNKNOWN  # how long its threads had run
        self._links = 0  # of the directory of its threads, when it was last listed
        self._epolls = Epolls(pid, self.inode)
        with contextlib.ExitStack() as opened:
            self._tasks = _opened(f"/proc/{pid}/task", os.O_DIRECTORY, opened)
            self._descriptors = _opened(f"/proc/{pid}/fd", os.O_DIRECTORY, opened)
            self._memory = _opened(f"/proc/{pid}/mem", 0, opened)
            self.refresh()
            self._opened = opened.pop_all()

    def refresh(self) -> None:
        """Open the files of new threads, and close those of threads that have ended.

        Raises OSError if the process has ended.
        """
        # A directory has a link more for each directory in it. If one thread has ended and another
        # has begun, the number is the same, but the file of the first could not be read: `end`.
        links = os.fstat(self._tasks).st_nlink
        if links == self._links and NOTHING not in self.files.values():
            return
        tids = {int(name) for name in os.listdir(self._tasks)}
        # One may have ended or begun between the two: then the next time they are listed again.
        self._links = links if links == len(tids) + LINKS else 0
        if not tids:  # readdir(3) takes the kernel's ENOENT for the end of the directory
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        for thread in [thread for thread in self.files if thread.tid not in tids]:
            self.end(thread)
        for tid in tids - {thread.tid for thread in self.files}:
            try:
                self.files[ThreadId(self.pid, tid)] = self._open(tid)
                self._ran = UNKNOWN
            except (FileNotFoundError, ProcessLookupError):  # it has ended
                self._links = 0

    def _open(self, tid: int) -> int:
        try:
            return os.open(f"{tid}/syscall", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._tasks)
        except PermissionError:
            return NOTHING
        except OSError as error:
            if error.errno != errno.EMFILE:  # as many files as we may open are open
                raise
            return NOTHING

    def end(self, thread: ThreadId) -> None:
        """Close the file of a thread that has ended."""
        if (file := self.files.pop(thread)) != NOTHING:
            os.close(file)
        self._links, self._ran = 0, UNKNOWN

    def has_run(self) -> bool:
        """Whether any of its threads may have run since this was last asked.

        Who has not run waits in what it waited in. A thread that began to run within the kernel's
        last tick, and runs still, may be passed over until the next.
        """
        before, self._ran = self._ran, UNKNOWN
        if len(self.files) >= FEW:
            with contextlib.suppress(OSError):
                self._ran = cpu_time(self.pid)
        return self._ran == UNKNOWN or self._ran != before

    def line(self, thread: ThreadId) -> bytes:
        """Its line now; empty if it has ended."""
        try:
            return os.pread(self.files[thread], LINE, 0)
        except OSError:
            return b""

    def wait(self, line: bytes) -> Wait:
        """What a thread's line says; RUNNING if it has gone on, so that its memory is gone."""
        if not line:
            return HIDDEN
        try:
            return parse(line, self._read)
        except OSError:
            return RUNNING

    def inode(self, descriptor: int) -> int:
        """The inode of the socket that a descriptor is; 0 if it is none, or closed by now."""
        try:
            return proc.socket_at(str(descriptor), self._descriptors)
        except OSError:
            return 0

    @property
    def hidden(self) -> bool:
        """Whether its descriptors may not be looked at."""
        return self._descriptors == NOTHING

    def sockets(self) -> dict[int, int]:
        """The descriptors of all its sockets, by their inodes."""
        if self.hidden:  # os.listdir would think that no folder is given
            return {}
        try:
            return proc.sockets(self._descriptors)
        except OSError:
            return {}

    def epolled(self, descriptor: int) -> Epolled:
        """What an epoll descriptor waits for; of a moment ago if that is much."""
        return self._epolls.waits_for(descriptor)

    def word(self, address: int) -> int:
        """The four bytes there, as a number; raises OSError."""
        return int.from_bytes(self._read(address, 4), "little")

    def _read(self, address: int, size: int) -> bytes:
        if not (read := os.pread(self._memory, size, address)):  # of a program before execve(2)
            new = os.open(f"/proc/{self.pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
            os.dup2(new, self._memory, inheritable=False)
            os.close(new)
            read = os.pread(self._memory, size, address)
        return read

    def close(self) -> None:
        """Close all its files."""
        for thread in list(self.files):
            self.end(thread)
        self._opened.close()


def cpu_time(pid: int) -> int:
    """Nanoseconds for which its threads have run, by clock_getcpuclockid(3)'s clock."""
    return clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)


def _opened(path: str, flags: int, opened: contextlib.ExitStack) -> int:
    """A descriptor that is closed at the end; NOTHING if the file may not be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    except PermissionError:
        return NOTHING
    opened.callback(os.close, descriptor)
    return descriptor
