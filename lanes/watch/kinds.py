"""The kinds of servers, and the facts that distinguish them."""

from collections.abc import Sequence
from typing import NamedTuple

from lanes.watch.claim import Claim
from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

THREADS, PROCESSES = "a thread for each client", "a process for each client"
ONE, LOOP, UNKNOWN = "one client at a time", "an event loop", "unknown"
RUNTIME = "a runtime with its own scheduler"
KEPT = "a pool, or threads that are kept for the next client"
POOL = "a pool of "  # followed by its size


class Kind(NamedTuple):
    """The name of a kind, for people, and the evidence for it."""

    name: str
    evidence: str
    locked: bool = False  # whether clients wait, each with a thread that waits for a lock


def is_loop(name: str) -> bool:
    """Whether a kind is, or may be, an event loop."""
    return name.startswith(LOOP)


def is_pool(name: str) -> bool:
    """Whether a kind is, or may be, a pool or threads that are kept for the next client."""
    return name == KEPT or POOL in name


class Kinds:
    """Remembers the last known kind: without a client, there is no evidence of it."""

    def __init__(self) -> None:
        self._last: Kind | None = None

    def now(self, kind: Kind) -> Kind:
        """Return this kind, or the last known one if this is unknown."""
        if kind.name != UNKNOWN:
            self._last = kind
        elif self._last:
            return Kind(self._last.name, f"{kind.evidence}; before, {self._last.evidence}")
        return kind


class History(NamedTuple):
    """What has been learned about processes and threads so far."""

    loops: frozenset[int] = frozenset()  # processes whose pollers also answer
    tried: frozenset[int] = frozenset()  # processes for which that is known, either way
    sharing: frozenset[int] = frozenset()  # processes whose threads share connections
    turns: frozenset[ThreadId] = frozenset()  # threads that take turns polling the same connections
    idled: frozenset[ThreadId] = frozenset()  # threads that have been seen waiting for a lock
    workers: frozenset[ThreadId] = frozenset()  # threads that have run while messages were answered
    helpers: frozenset[ThreadId] = frozenset()  # run at regular intervals and serve no client


class Facts(NamedTuple):
    """What is known at one moment."""

    look: Look
    claims: Sequence[Claim]  # for accepted connections whose client has not left
    # Of these connections, those that have not only just come and have no known thread; and of
    # those, the ones with data that nobody has read.
    unplaced: int
    unread: int
    # Threads that wait for a lock: those that seem to belong to clients that no thread is seen to
    # serve; and those that may, because they are not clearly older than all these clients.
    locked: int
    perhaps: int
    backlog: int  # connections that have not been accepted
    acceptors: frozenset[ThreadId]  # threads that have been seen accepting
    accepting: bool  # whether any thread waits for a new connection
    older: int  # certain claims whose thread is older than the connection
    history: History = History()
    runtime: str = ""  # the evidence for a runtime with its own scheduler, if it has one
