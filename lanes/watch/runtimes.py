"""Runtimes that schedule tasks of their own on threads: of those nothing is guessed."""

import contextlib
import mmap
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from lanes.watch.process import ThreadId

GO = b"\xff Go buildinf:"  # the head of Go's build information, in each of its programs
PROGRAMS = 1 << 10  # that are remembered
JAVA = "Java's virtual threads: a poller holds their connections"
ERLANG = "Erlang's processes move from scheduler to scheduler"
# By the beginning of the name of a thread that polls: Java 21 has the first two, Java 25 the third.
POLLERS = {
    "Read-Poller": JAVA,
    "Write-Poller": JAVA,
    "MasterPoller": JAVA,
    "erts_poll_": ERLANG,
}


def runtime_of(accepting: Collection[ThreadId], polling: Collection[ThreadId]) -> str:
    """How it is known that a server has such a runtime; empty if it is not known to have one.

    It is the one of the threads that accept: a server may start helpers that are written in Go.
    Java starts its pollers when a virtual thread waits for the first time.
    """
    if any(_is_go(pid) for pid in {thread.pid for thread in accepting}):
        return "a Go program: goroutines move from thread to thread"
    names = map(_name, polling)
    return next((POLLERS[one] for name in names for one in POLLERS if name.startswith(one)), "")


def _name(thread: ThreadId) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{thread.pid}/task/{thread.tid}/comm").read_text(errors="replace")
    return ""


def _is_go(pid: int) -> bool:
    with contextlib.suppress(OSError, ValueError):  # ValueError: an empty file cannot be mapped
        program = Path(f"/proc/{pid}/exe").stat()
        return _has_go(pid, (program.st_dev, program.st_ino))
    return False


@lru_cache(PROGRAMS)
def _has_go(pid: int, _program: tuple[int, int]) -> bool:
    """Whether its program has it; read once, until the process executes another."""
    with (
        open(f"/proc/{pid}/exe", "rb") as program,
        mmap.mmap(program.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        return text.find(GO) != -1
