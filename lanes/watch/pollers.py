"""The kind of a server whose threads poll: an event loop, or a pool that is handed its work."""

from collections.abc import Sequence

from lanes.marks import count
from lanes.watch.attribution import Claim
from lanes.watch.kinds import LOOP, THREADS, Facts, Kind
from lanes.watch.process import ThreadId


def kind_of_pollers(facts: Facts, polled: Sequence[Claim]) -> Kind:
    """A poller is a loop if it answers itself, or if nobody else of its process could."""
    pollers = {claim.thread for claim in polled if claim.thread}
    verb = "polls" if len(pollers) == 1 else "poll"
    held = f"{count(len(pollers), 'thread')} {verb} {count(len(polled), 'connection')}"
    if len(pollers) == len(polled) > 1 and not pollers & facts.acceptors:
        return Kind(THREADS, f"{held}, each one of its own")
    if {poller.pid for poller in pollers} & facts.loops:
        return Kind(LOOP, f"{held}, and no other thread runs while they are answered")
    if hands := workers(facts, pollers):
        others = "1 other is" if hands == 1 else f"{hands} others are"
        evidence = f"{held}; {others} waiting or working"
        if {poller.pid for poller in pollers} & facts.tried:
            return Kind(f"a pool of {hands}", evidence)
        return Kind(f"{LOOP}, or a pool of {hands}", f"{evidence}; no answers yet")
    return Kind(LOOP, f"{held}, and no other thread serves")


def kind_of_busy(facts: Facts) -> Kind | None:
    """A pool whose poller has given all that it held to its workers."""
    pollers = {thread for thread in facts.acceptors & facts.look.keys() if facts.look[thread].polls}
    hands = workers(facts, pollers)
    if not facts.claims or not hands:
        return None
    held = f"{count(len(facts.claims), 'client')}, none of them polled"
    return Kind(f"a pool of {hands}", f"{held}; {count(hands, 'thread')} waiting or working")


def workers(facts: Facts, pollers: set[ThreadId]) -> int:
    """How many threads of their processes wait for work or do it, and have waited before."""
    pids = {poller.pid for poller in pollers}
    return sum(
        thread.pid in pids
        and thread not in pollers
        and (doing.kind == "locks" or (doing.busy and thread in facts.idled))
        for thread, doing in facts.look.items()
    )
