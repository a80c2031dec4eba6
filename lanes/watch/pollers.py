"""The kind of a server whose threads poll: an event loop, or a pool that a poller feeds."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from lanes.marks import count
from lanes.watch.claim import Claim
from lanes.watch.kinds import LOOP, POOL, THREADS, UNKNOWN, Facts, Kind
from lanes.watch.process import ThreadId

CONDITION = 8  # bytes: glibc's waiters for a condition wait on either of two 4-byte words


def kind_of_pollers(facts: Facts, polled: Sequence[Claim]) -> Kind:
    """Return the kind: a loop if the poller answers, or if no other thread of its process could."""
    pollers = {claim.thread for claim in polled if claim.thread}
    verb = "polls" if len(pollers) == 1 else "poll"
    held = f"{count(len(pollers), 'thread')} {verb} {count(len(polled), 'connection')}"
    pids = {poller.pid for poller in pollers}
    if pollers & facts.history.turns:
        turns = {thread for thread in facts.history.turns if thread.pid in pids}
        return _pool(facts, pollers | turns, turns, f"{held}, and {len(turns)} take turns at it")
    if len(pollers) == len(polled) > 1 and not pollers & facts.acceptors:
        return Kind(THREADS, f"{held}, each one of its own")
    hands = waiting(facts, pollers)
    # With EPOLLONESHOT, the woken thread takes the connection. The others run only if there is
    # more to do, so it proves nothing if they do not.
    oneshot = any(facts.look[one].oneshot for one in pollers & facts.look.keys())
    if pids & facts.history.loops and not (oneshot and hands):
        return Kind(LOOP, f"{held}, and no other thread runs while they are answered")
    if pids & facts.history.tried - facts.history.loops:
        return _pool(facts, pollers, set(), held)
    if hands:
        evidence = f"{held}; {_others(len(hands))}; which threads answer is not known yet"
        return Kind(f"{LOOP}, or {POOL}{len(hands)}", evidence)
    return Kind(LOOP, f"{held}, and no other thread serves")


def kind_of_busy(facts: Facts) -> Kind | None:
    """Return the kind of a pool whose poller has handed all its connections to workers."""
    pollers = {thread for thread in facts.acceptors & facts.look.keys() if facts.look[thread].polls}
    if not facts.claims or not waiting(facts, pollers):
        return None
    return _pool(
        facts, pollers, set(), f"{count(len(facts.claims), 'client')}, none of them polled"
    )


def waiting(facts: Facts, pollers: AbstractSet[ThreadId]) -> set[ThreadId]:
    """Return threads of these processes that wait for work, or are busy and have waited before."""
    pids = {poller.pid for poller in pollers}
    return (
        {
            thread
            for thread, doing in facts.look.items()
            if thread.pid in pids
            and (doing.kind == "locks" or (doing.busy and thread in facts.history.idled))
        }
        - pollers
        - facts.history.helpers
    )


def _pool(
    facts: Facts, pollers: AbstractSet[ThreadId], turns: AbstractSet[ThreadId], held: str
) -> Kind:
    """Return the kind of a pool.

    Threads that have worked belong to it, and so do threads that wait for the same condition as
    they do. Other waiting threads may or may not.
    """
    hands = waiting(facts, pollers)
    at = {thread: (thread.pid, facts.look[thread].address // CONDITION) for thread in hands}
    worked = hands & facts.history.workers
    same = {at[thread] for thread in worked if facts.look[thread].address}
    worked |= {thread for thread in hands if at[thread] in same}
    least, most = max(len(turns | worked), 1), len(turns | hands)
    if not most:
        return Kind(UNKNOWN, f"{held}, and the threads that answered have exited")
    if least == most:
        return Kind(f"{POOL}{least}", f"{held}; {_others(len(hands))}" if hands else held)
    has = "has" if len(worked) == 1 else "have"
    seen = f", {len(worked)} of which {has} worked" if worked else ""
    return Kind(f"{POOL}{least} to {most}", f"{held}; {_others(len(hands))}{seen}")


def _others(number: int) -> str:
    return ("1 other is" if number == 1 else f"{number} others are") + " waiting or working"
