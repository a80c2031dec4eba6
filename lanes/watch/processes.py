"""The threads of a server's processes, and what each waits in: a sample.

A whole sample is read in one tight loop from files that stay open: between the first thread and the
last, a pool hands connections on, and with 7 ms from one to the other a third of the claims on a
pool were wrong. Everything else is looked up afterwards.
"""

import contextlib
import errno
import os
import re
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import NamedTuple

from lanes.watch.waits import HIDDEN, RUNNING, Wait, parse

INODE = re.compile(r"socket:\[(\d+)\]")
WATCHED = re.compile(rb"^tfd:\s+(\d+)", re.MULTILINE)  # in an epoll's fdinfo, proc(5)
EACH = 100e-6  # seconds for which each socket that an epoll watches keeps its list from being read
NOTHING = -1  # in place of the descriptor of a file that may not be opened: any use is an OSError
LINE = 512  # bytes, more than a line of `syscall` has


class ThreadId(NamedTuple):
    """A thread, by the numbers that the watcher's own pid namespace has for it."""

    pid: int
    tid: int


class Process:
    """One process: its threads' open files, its descriptors, its memory."""

    def __init__(self, pid: int) -> None:
        """Raises OSError if it is gone. What may not be looked at stays hidden (rights.py)."""
        self.pid = pid
        self.files: dict[ThreadId, int] = {}
        self._lines: dict[ThreadId, tuple[bytes, Wait]] = {}
        self._epolled: dict[int, tuple[float, frozenset[int]]] = {}  # stale when; its sockets
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
        tids = {int(name) for name in os.listdir(self._tasks)}
        if not tids:  # readdir(3) takes the kernel's ENOENT for the end of the directory
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        for thread in [thread for thread in self.files if thread.tid not in tids]:
            self._forget(thread)
        for tid in tids - {thread.tid for thread in self.files}:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                self.files[ThreadId(self.pid, tid)] = self._open(tid)

    def _open(self, tid: int) -> int:
        try:
            return os.open(f"{tid}/syscall", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._tasks)
        except PermissionError:
            return NOTHING

    def wait(self, thread: ThreadId, line: bytes) -> Wait:
        """What its line says; RUNNING if it has gone on since, so that its memory says nothing."""
        if not line:
            return HIDDEN
        before, wait = self._lines.get(thread, (b"", RUNNING))
        # Other descriptors may have come to stand where they stood: polls are read again.
        if line != before or wait.kind == "polls":
            try:
                wait = parse(line, self._read)
            except OSError:
                wait = RUNNING
            self._lines[thread] = line, wait
        return wait

    def inode(self, descriptor: int) -> int:
        """The inode of the socket that a descriptor is; 0 if it is none, or closed by now."""
        try:
            found = INODE.fullmatch(os.readlink(str(descriptor), dir_fd=self._descriptors))
        except OSError:
            return 0
        return int(found[1]) if found else 0

    def inodes(self) -> set[int]:
        """Those of all its sockets."""
        if self._descriptors == NOTHING:  # of which os.listdir thinks that no folder is given
            return set()
        try:
            return {self.inode(int(name)) for name in os.listdir(self._descriptors)} - {0}
        except OSError:
            return set()

    def epolled(self, descriptor: int) -> frozenset[int]:
        """The inodes of the sockets that an epoll descriptor watches; of a moment ago if many."""
        now = monotonic()
        stale_at, inodes = self._epolled.get(descriptor, (0.0, frozenset()))
        if now >= stale_at:
            try:
                with open(f"/proc/{self.pid}/fdinfo/{descriptor}", "rb") as info:
                    watched = WATCHED.findall(info.read())
            except OSError:
                watched = []
            inodes = frozenset(self.inode(int(each)) for each in watched) - {0}
            self._epolled[descriptor] = now + len(watched) * EACH, inodes
        return inodes

    def word(self, address: int) -> int:
        """The four bytes there, as a number; raises OSError."""
        return int.from_bytes(self._read(address, 4), "little")

    def _read(self, address: int, size: int) -> bytes:
        return os.pread(self._memory, size, address)

    def _forget(self, thread: ThreadId) -> None:
        if (file := self.files.pop(thread)) != NOTHING:
            os.close(file)
        self._lines.pop(thread, None)

    def close(self) -> None:
        """Close all its files."""
        for thread in list(self.files):
            self._forget(thread)
        self._opened.close()


class Processes:
    """A server's processes: the one that was named, and what it has forked."""

    def __init__(self, pids: Iterable[int]) -> None:
        """Raises OSError if none of them can be looked at."""
        self._processes: dict[int, Process] = {}
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

    def sample(self) -> dict[ThreadId, bytes]:
        """Each thread's line, as close together as can be; empty if it may not be read."""
        files = [item for process in self for item in process.files.items()]
        lines, read = {}, os.pread
        for thread, file in files:
            try:
                lines[thread] = read(file, LINE, 0) if file != NOTHING else b""
            except PermissionError:
                lines[thread] = b""
            except OSError:  # it has ended
                continue
        return lines

    def close(self) -> None:
        """Close all their files."""
        while self._processes:
            self._processes.popitem()[1].close()


def _opened(path: str, flags: int, opened: contextlib.ExitStack) -> int:
    """A descriptor that is closed at the end; NOTHING if the file may not be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    except PermissionError:
        return NOTHING
    opened.callback(os.close, descriptor)
    return descriptor


def _parents() -> dict[int, int]:
    """Each process's parent, without those that have ended and are not waited for (zombies)."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:
            # The name in parentheses may hold anything. After it: state, parent, ..., threads.
            state, parent, *fields = stat.read().rpartition(b")")[2].split()
            if state != b"Z" or int(fields[15]) > 1:  # its first thread may end before others
                parents[int(name)] = int(parent)
    return parents
