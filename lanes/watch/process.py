"""One process of a server: its threads, descriptors and memory, from /proc (proc(5))."""

import contextlib
import errno
import os
from time import clock_gettime_ns
from typing import NamedTuple

from lanes.watch import proc
from lanes.watch.epolls import Epolled, Epolls
from lanes.watch.waits import HIDDEN, RUNNING, Wait, parse

CPUCLOCK_SCHED = 2  # linux/posix-timers.h: what a clock counts
UNKNOWN = -1  # in place of a clock's reading
LINE = 512  # bytes; a line of `syscall` is shorter
LINKS = 2  # of a directory without subdirectories
FEW = 4  # threads: reading the lines of fewer costs no more than asking whether any has run
NOTHING = -1  # in place of the descriptor of a file that may not be opened: use raises OSError


class ThreadId(NamedTuple):
    """A thread, by its ids in the watcher's own pid namespace."""

    pid: int
    tid: int


class Process:
    """One process: the open files of its threads, its descriptors and its memory."""

    def __init__(self, pid: int) -> None:
        """Raises OSError if it is gone. What we may not read stays hidden (rights.py)."""
        self.pid = pid
        self.started = proc.stat(pid).started
        self.files: dict[ThreadId, int] = {}
        self._ran = UNKNOWN  # nanoseconds that its threads had run when last asked
        self._links = 0  # of the directory of its threads when last listed
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
        # A directory has one link for each subdirectory. If one thread ends and another begins, the
        # number stays the same, but reading the file of the first fails, which leads to `end`.
        links = os.fstat(self._tasks).st_nlink
        if links == self._links and NOTHING not in self.files.values():
            return
        tids = {int(name) for name in os.listdir(self._tasks)}
        # If a thread has ended or begun since the fstat, they are listed again next time.
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
            if error.errno != errno.EMFILE:  # we may not open any more files
                raise
            return NOTHING

    def end(self, thread: ThreadId) -> None:
        """Close the file of a thread that has ended."""
        if (file := self.files.pop(thread)) != NOTHING:
            os.close(file)
        self._links, self._ran = 0, UNKNOWN

    def has_run(self) -> bool:
        """Whether any of its threads may have run since the last call.

        A thread that has not run is still in the same wait. A thread that began to run within the
        kernel's last tick, and still runs, may be missed until the next tick.
        """
        before, self._ran = self._ran, UNKNOWN
        if len(self.files) >= FEW:
            with contextlib.suppress(OSError):
                self._ran = cpu_time(self.pid)
        return self._ran == UNKNOWN or self._ran != before

    def line(self, thread: ThreadId) -> bytes:
        """Return the thread's line now; empty if it cannot be read, as when it has ended."""
        try:
            return os.pread(self.files[thread], LINE, 0)
        except OSError:
            return b""

    def wait(self, line: bytes) -> Wait:
        """Parse a thread's line; RUNNING if its memory cannot be read, because it has moved on."""
        if not line:
            return HIDDEN
        try:
            return parse(line, self._read)
        except OSError:
            return RUNNING

    def inode(self, descriptor: int) -> int:
        """Return the inode of a descriptor's socket; 0 if it is no socket, or closed by now."""
        try:
            return proc.socket_at(str(descriptor), self._descriptors)
        except OSError:
            return 0

    @property
    def hidden(self) -> bool:
        """Whether we may not read its descriptors."""
        return self._descriptors == NOTHING

    def sockets(self) -> dict[int, int]:
        """Return the lowest descriptor of each of its sockets, by inode."""
        if self.hidden:  # os.listdir(-1) would list the current directory
            return {}
        try:
            return proc.sockets(self._descriptors)
        except OSError:
            return {}

    def epolled(self, descriptor: int) -> Epolled:
        """Return what an epoll set waits for; from a moment ago if it is large."""
        return self._epolls.waits_for(descriptor)

    def word(self, address: int) -> int:
        """Return the four bytes at an address as a number. Raises OSError if unreadable."""
        return int.from_bytes(self._read(address, 4), "little")

    def _read(self, address: int, size: int) -> bytes:
        if not (read := os.pread(self._memory, size, address)):  # the memory from before execve(2)
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
    """Return how many nanoseconds its threads have run, from clock_getcpuclockid(3)'s clock."""
    return clock_gettime_ns((~pid << 3) | CPUCLOCK_SCHED)


def _opened(path: str, flags: int, opened: contextlib.ExitStack) -> int:
    """Open a file, which `opened` will close. NOTHING if it may not be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    except PermissionError:
        return NOTHING
    opened.callback(os.close, descriptor)
    return descriptor
