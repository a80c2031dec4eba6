"""Runtimes that schedule tasks of their own on threads: of those nothing is guessed."""

import contextlib
import mmap
from pathlib import Path

GO = b"\xff Go buildinf:"  # the head of Go's build information, in each of its programs
POLLERS = {"Read-Poller", "Write-Poller", "VirtualThread-u"}  # of Java's virtual threads


def runtime_of(pid: int) -> str:
    """How it is known that a process has such a runtime; empty if it is not known to have one."""
    with (
        contextlib.suppress(OSError, ValueError),  # ValueError: an empty file cannot be mapped
        Path(f"/proc/{pid}/exe").open("rb") as program,
        mmap.mmap(program.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        if text.find(GO) != -1:
            return "a Go program: goroutines move from thread to thread"
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text(errors="replace").strip() in POLLERS:
                return "Java's virtual threads: a poller holds their connections"
    return ""
