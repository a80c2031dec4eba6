"""The kind of a server whose threads poll: an event loop, or a pool that is handed its work."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from lanes.marks import count
from lanes.watch.claim import Claim
from lanes.watch.kinds import LOOP, POOL, THREADS, UNKNOWN, Facts, Kind
from lanes.watch.process import ThreadId

CONDITION = 8  # bytes: who waits for one of glibc's waits on either of two words of four


def kind_of_pollers(facts: Facts, polled: Sequence[Claim]) -> Kind:
    """A poller is a loop if it answers itself, or if nobody else of its process could."""
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
    # Where whoever is woken takes the connection, others do so only when there is more to do.
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
    """A pool whose poller has given all that it held to its workers."""
    pollers = {thread for thread in facts.acceptors & facts.look.keys() if facts.look[thread].polls}
    if not facts.claims or not waiting(facts, pollers):
        return None
    return _pool(
        facts, pollers, set(), f"{count(len(facts.claims), 'client')}, none of them polled"
    )


def waiting(facts: Facts, pollers: AbstractSet[ThreadId]) -> set[ThreadId]:
    """The threads of their processes that wait for work or do it, and have waited before."""
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
    """Who has worked belongs to it, and who waits for the same. Others that wait may, or not."""
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
