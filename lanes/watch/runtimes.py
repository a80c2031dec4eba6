"""Runtimes that schedule their own tasks on threads: nothing is guessed about them."""

import contextlib
import mmap
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

GO = b"\xff Go buildinf:"  # the head of Go's build information, in every Go program
PROGRAMS = 1 << 10  # size of the cache
JAVA = "Java's virtual threads: a poller holds their connections"
TOKIO = "Rust's tokio: tasks move from worker to worker"
ERLANG = "Erlang's processes move from scheduler to scheduler"
# By the prefix of the name of a thread that polls connections.
POLLERS = {"Read-Poller": JAVA, "erts_poll_": ERLANG, "tokio-runtime-w": TOKIO}
MASTERS = {"MasterPoller": JAVA}  # Java 25: it polls the pollers' epoll sets, and no socket


class Runtime:
    """The runtime of a server, once it is known to have one."""

    def __init__(self) -> None:
        self.why = ""  # the evidence; empty until it is known

    def find(self, look: Look, acceptors: Collection[ThreadId], accepted: Collection[int]) -> bool:
        """Look for it; return whether it has just been found."""
        if self.why:
            return False
        self.why = runtime_of(look, acceptors, accepted)
        return bool(self.why)

    def remains(self, claim: Claim) -> Claim:
        """Return what remains of a claim: tasks change threads, so only what is seen counts."""
        if not self.why or claim.how == "direct":
            return claim
        return claim._replace(thread=None) if claim.how == "polled" else UNKNOWN


def runtime_of(look: Look, accepting: Collection[ThreadId], connections: Collection[int]) -> str:
    """Return the evidence that a server has such a runtime; empty if there is none.

    Only threads that accept, or poll one of the connections, count: a server may have helpers that
    are written in Go, or use tokio. Java starts its pollers when a virtual thread first waits.
    """
    if any(_is_go(pid) for pid in {thread.pid for thread in accepting}):
        return "a Go program: goroutines move from thread to thread"
    for thread, doing in look.items():
        if doing.polls and (not doing.inodes or doing.inodes & frozenset(connections)):
            known = POLLERS if doing.inodes else MASTERS
            name = _name(thread)
            if why := next((known[one] for one in known if name.startswith(one)), ""):
                return why
    return ""


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
    """Whether its program contains GO; read once, until the process executes another."""
    with (
        open(f"/proc/{pid}/exe", "rb") as program,
        mmap.mmap(program.fileno(), 0, access=mmap.ACCESS_READ) as text,
    ):
        return text.find(GO) != -1
