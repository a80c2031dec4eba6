"""The kinds of servers, and the facts that they are told by."""

from collections.abc import Sequence
from typing import NamedTuple

from lanes.watch.claim import Claim
from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

THREADS, PROCESSES = "a thread for each client", "a process for each client"
ONE, LOOP, UNKNOWN = "one client at a time", "an event loop", "unknown"
RUNTIME = "a runtime with its own scheduler"
KEPT = "a pool, or threads that are kept for the next client"
POOL = "a pool of "  # and how many


class Kind(NamedTuple):
    """A name for people, and why it is said."""

    name: str
    evidence: str
    locked: bool = False  # whether clients wait, each with a thread in a lock


def is_loop(name: str) -> bool:
    """Whether a kind is, or may be, an event loop."""
    return name.startswith(LOOP)


def is_pool(name: str) -> bool:
    """Whether a kind is, or may be, a pool, or threads that are kept like one's."""
    return name == KEPT or POOL in name


class Kinds:
    """What a server was called last: without a client there is nothing to tell its kind by."""

    def __init__(self) -> None:
        self._last: Kind | None = None

    def now(self, kind: Kind) -> Kind:
        """The kind that is known by now: this one, or if it is unknown that before."""
        if kind.name != UNKNOWN:
            self._last = kind
        elif self._last:
            return Kind(self._last.name, f"{kind.evidence}; before, {self._last.evidence}")
        return kind


class History(NamedTuple):
    """What has been seen of processes and threads up to now."""

    loops: frozenset[int] = frozenset()  # processes whose pollers answer themselves
    tried: frozenset[int] = frozenset()  # processes of which it is known whether they do
    sharing: frozenset[int] = frozenset()  # processes whose threads share connections
    turns: frozenset[ThreadId] = frozenset()  # threads that take turns at polling the same ones
    idled: frozenset[ThreadId] = frozenset()  # threads that were seen to wait for a lock
    workers: frozenset[ThreadId] = frozenset()  # threads that have run while messages were answered
    helpers: frozenset[ThreadId] = frozenset()  # run at regular intervals, serve nobody


class Facts(NamedTuple):
    """What is known at a moment."""

    look: Look
    claims: Sequence[Claim]  # of the connections that are accepted
    # Of these, those that have not only just come and have no thread that is known: all, and those
    # that have sent something, which nobody has read.
    unplaced: int
    unread: int
    # Threads in a lock that came when those came whom nobody is seen to serve; and with those of
    # which it is not known when they came.
    locked: int
    perhaps: int
    backlog: int  # connections that are not accepted
    acceptors: frozenset[ThreadId]  # threads that were seen to accept
    accepting: bool  # whether any thread waits for a new connection
    older: int  # claims whose thread was there before the connection
    history: History = History()
    runtime: str = ""  # how its runtime is known, if that has a scheduler of its own
