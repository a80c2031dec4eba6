"""What kind of server it is, with the evidence in one sentence."""

from collections.abc import Sequence
from typing import NamedTuple

from lanes.marks import count
from lanes.watch.attribution import CERTAIN, Claim
from lanes.watch.evidence import Look
from lanes.watch.process import ThreadId

THREADS, PROCESSES = "a thread for each client", "a process for each client"
ONE, LOOP, UNKNOWN = "one client at a time", "an event loop", "unknown"
RUNTIME = "a runtime with its own scheduler"
KEPT = "a pool, or threads that are kept for the next client"


class Kind(NamedTuple):
    """A name for people, and why it is said."""

    name: str
    evidence: str


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


class Facts(NamedTuple):
    """What is known at a moment."""

    look: Look
    claims: Sequence[Claim]  # of the connections that are accepted
    unread: int  # connections without a thread that have sent something, which nobody has read
    backlog: int  # connections that are not accepted
    acceptors: frozenset[ThreadId]  # threads that were seen to accept
    accepting: bool  # whether any thread waits for a new connection
    older: int  # claims whose thread was there before the connection
    loops: frozenset[int] = frozenset()  # processes whose pollers answer themselves
    tried: frozenset[int] = frozenset()  # processes of which it is known whether they do
    sharing: frozenset[int] = frozenset()  # processes whose threads share connections
    idled: frozenset[ThreadId] = frozenset()  # threads that were seen to wait for a lock, or work
    runtime: str = ""  # how its runtime is known, if that has a scheduler of its own


def kind_of(facts: Facts) -> Kind:
    """The kind that the evidence speaks for."""
    if facts.runtime:
        return Kind(RUNTIME, facts.runtime)
    if facts.look and all(doing.kind == "hidden" for doing in facts.look.values()):
        return Kind(UNKNOWN, f"{count(len(facts.look), 'thread')} that may not be looked at")
    served = [claim for claim in facts.claims if claim.thread and claim.how in CERTAIN]
    polled = [claim for claim in facts.claims if claim.how == "polled"]
    if polled and len(polled) >= len(served):
        return _of_pollers(facts, polled)
    if served:
        return _of_servers(facts, {claim.thread for claim in served if claim.thread}, len(served))
    if facts.backlog and not facts.accepting:
        return Kind(ONE, f"{count(facts.backlog, 'client')} in the backlog, and no thread accepts")
    why = f"{count(len(facts.claims), 'client')}, and no thread waits for one"
    return _of_busy(facts) or Kind(UNKNOWN, why if facts.claims else "no client now")


def _of_pollers(facts: Facts, polled: Sequence[Claim]) -> Kind:
    """A poller is a loop if it answers itself, or if nobody else of its process could."""
    pollers = {claim.thread for claim in polled if claim.thread}
    verb = "polls" if len(pollers) == 1 else "poll"
    held = f"{count(len(pollers), 'thread')} {verb} {count(len(polled), 'connection')}"
    if len(pollers) == len(polled) > 1 and not pollers & facts.acceptors:
        return Kind(THREADS, f"{held}, each one of its own")
    if {poller.pid for poller in pollers} & facts.loops:
        return Kind(LOOP, f"{held}, and no other thread runs while they are answered")
    if workers := _workers(facts, pollers):
        wait = "waits" if workers == 1 else "wait"
        evidence = f"{held}, {workers} {wait} for work or work"
        if {poller.pid for poller in pollers} & facts.tried:
            return Kind(f"a pool of {workers}", evidence)
        return Kind(f"{LOOP}, or a pool of {workers}", f"{evidence}; nothing is answered yet")
    return Kind(LOOP, f"{held}, and no other thread serves")


def _of_busy(facts: Facts) -> Kind | None:
    """A pool whose poller has given all that it held to its workers."""
    pollers = {thread for thread in facts.acceptors & facts.look.keys() if facts.look[thread].polls}
    workers = _workers(facts, pollers)
    if not facts.claims or not workers:
        return None
    held = f"{count(len(facts.claims), 'client')}, of which none is polled"
    return Kind(f"a pool of {workers}", f"{held}, {workers} wait for work or work")


def _workers(facts: Facts, pollers: set[ThreadId]) -> int:
    """How many threads of their processes wait for work or do it, and have waited before."""
    pids = {poller.pid for poller in pollers}
    return sum(
        thread.pid in pids
        and thread not in pollers
        and (doing.kind == "locks" or (doing.busy and thread in facts.idled))
        for thread, doing in facts.look.items()
    )


def _of_servers(facts: Facts, threads: set[ThreadId], clients: int) -> Kind:
    """Threads that each serve a client of their own."""
    pids = {thread.pid for thread in threads}
    both = f"{count(clients, 'client')}, {count(len(threads), 'thread')}"
    if kind := _of_sharing(facts, threads, both) or _of_acceptors(facts, threads, both):
        return kind
    if len(facts.claims) > clients and (kind := _of_waiting(facts, len(threads), clients)):
        return kind
    if facts.acceptors and not pids & {thread.pid for thread in facts.acceptors}:
        if len(pids) < len(threads):
            return Kind(THREADS, f"{both}; another process accepts")
        processes = "1 process that does" if len(pids) == 1 else f"{len(pids)} processes that do"
        return Kind(PROCESSES, f"{count(clients, 'client')}, {processes} not accept")
    if facts.older >= clients:
        return Kind(KEPT, f"{both}, older than {'it' if clients == 1 else 'them'}")
    return Kind(THREADS, both)


def _of_sharing(facts: Facts, threads: set[ThreadId], both: str) -> Kind | None:
    if not {thread.pid for thread in threads} & facts.sharing:
        return None
    workers = len(threads) + _workers(facts, threads | facts.acceptors)
    return Kind(f"a pool of {workers}", f"{both}, which go from client to client")


def _of_acceptors(facts: Facts, threads: set[ThreadId], both: str) -> Kind | None:
    """Threads or processes that accept their clients themselves, one after another."""
    pids = {thread.pid for thread in threads}
    accepting = {thread.pid for thread in facts.acceptors}
    accept_too = bool(threads & facts.acceptors)
    if (accept_too and len(pids) > 1) or (len(accepting) > 1 and not pids & accepting):
        processes = len(pids | accepting)
        return Kind(f"a pool of {processes} processes", f"{both}; each process accepts for itself")
    workers = threads | {thread for thread in facts.acceptors if thread.pid in pids}
    if accept_too and len(workers) > 1:
        return Kind(f"a pool of {len(workers)}", f"{both}; each thread accepts for itself")
    if accept_too or (len(threads) == 1 and facts.backlog and not facts.accepting):
        return Kind(ONE, f"{both}; {facts.backlog} in the backlog, and no other thread accepts")
    return None


def _of_waiting(facts: Facts, threads: int, clients: int) -> Kind | None:
    """What is said by clients that are accepted and not served."""
    unserved = len(facts.claims) - clients
    locked = [
        thread
        for thread, doing in facts.look.items()
        if doing.kind == "locks" and thread not in facts.acceptors
    ]
    if len(locked) >= unserved and threads == 1:
        waits = f"{unserved} of {len(facts.claims)} clients wait, each with a thread in a lock"
        return Kind(THREADS, f"{waits}; 1 is served")
    if facts.unread:
        waits = f"{count(unserved, 'client')} accepted and not read"
        both = f"{count(clients, 'client')}, {count(threads, 'thread')}"
        return Kind(f"a pool of {threads}", f"{both}; {waits}")
    return None
