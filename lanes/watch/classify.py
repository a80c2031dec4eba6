"""Finds the kind of a server from facts, with the evidence in one sentence."""

from lanes.marks import count
from lanes.watch.claim import UNKNOWN as NOBODY
from lanes.watch.kinds import KEPT, ONE, POOL, PROCESSES, RUNTIME, THREADS, UNKNOWN, Facts, Kind
from lanes.watch.pollers import kind_of_busy, kind_of_pollers, waiting
from lanes.watch.process import ThreadId


def kind_of(facts: Facts) -> Kind:
    """Return the kind that the evidence supports."""
    if facts.runtime:
        return Kind(RUNTIME, facts.runtime)
    if facts.look and all(doing.kind == "hidden" for doing in facts.look.values()):
        return Kind(UNKNOWN, f"{count(len(facts.look), 'thread')} that cannot be inspected")
    served = [claim for claim in facts.claims if claim.thread and claim.certain]
    polled = [claim for claim in facts.claims if claim.how == "polled"]
    if polled and len(polled) >= len(served):
        return kind_of_pollers(facts, polled)
    if served:
        return _of_servers(facts, {claim.thread for claim in served if claim.thread}, len(served))
    if facts.backlog and not facts.accepting:
        return Kind(ONE, f"{count(facts.backlog, 'client')} in the backlog, and no thread accepts")
    any_ = "it" if len(facts.claims) == 1 else "any of them"
    why = f"{count(len(facts.claims), 'client')}, and no thread waits for {any_}"
    return kind_of_busy(facts) or Kind(UNKNOWN, why if facts.claims else "no client now")


def _of_servers(facts: Facts, threads: set[ThreadId], clients: int) -> Kind:
    """Return the kind of a server whose threads each serve one client."""
    pids = {thread.pid for thread in threads}
    both = _both(clients, len(threads))
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
        were = "was there before its client" if clients == 1 else "were there before their clients"
        return Kind(KEPT, f"{both} that {were} connected")
    return Kind(THREADS, both)


def _of_sharing(facts: Facts, threads: set[ThreadId], both: str) -> Kind | None:
    if not {thread.pid for thread in threads} & facts.history.sharing:
        return None
    pool = len(threads) + len(waiting(facts, threads | facts.acceptors))
    return Kind(f"{POOL}{pool}", f"{both}, which go from client to client")


def _of_acceptors(facts: Facts, threads: set[ThreadId], both: str) -> Kind | None:
    """Return the kind if threads or processes accept their own clients, one after another."""
    pids = {thread.pid for thread in threads}
    accepting = {thread.pid for thread in facts.acceptors}
    accept_too = bool(threads & facts.acceptors)
    if (accept_too and len(pids) > 1) or (len(accepting) > 1 and not pids & accepting):
        processes = len(pids | accepting)
        return Kind(f"{POOL}{processes} processes", f"{both}; each process accepts for itself")
    pool = threads | {thread for thread in facts.acceptors if thread.pid in pids}
    if accept_too and len(pool) > 1:
        return Kind(f"{POOL}{len(pool)}", f"{both}; each thread accepts for itself")
    if accept_too or (len(threads) == 1 and facts.backlog and not facts.accepting):
        return Kind(ONE, f"{both}; {facts.backlog} in the backlog, and no other thread accepts")
    return None


def _of_waiting(facts: Facts, threads: int, clients: int) -> Kind | None:
    """Return the kind that follows from accepted clients that no thread is seen to serve."""
    unserved, both = len(facts.claims) - clients, _both(clients, threads)
    if facts.locked >= unserved:
        verb, served = "waits" if unserved == 1 else "wait", "is" if clients == 1 else "are"
        waits = f"{unserved} of {len(facts.claims)} clients {verb}, each with a thread in a lock"
        return Kind(THREADS, f"{waits}; {clients} {served} served", locked=True)
    if facts.unread and facts.perhaps < unserved:
        waits = f"{count(facts.unread, 'client')} accepted and not read"
        return Kind(f"{POOL}{threads}", f"{both}; {waits}")
    if facts.unplaced:
        what = f"{count(facts.unplaced, 'client')} accepted, whose thread is not known"
        others = f", and {count(facts.perhaps, 'thread')} in a lock" * bool(facts.perhaps)
        return Kind(f"{THREADS}, or {POOL}{threads}", f"{both}; {what}{others}")
    if NOBODY in facts.claims:
        return Kind(UNKNOWN, f"{both}; another client has only just come")
    return None


def _both(clients: int, threads: int) -> str:
    return f"{count(clients, 'client')}, {count(threads, 'thread')}"
