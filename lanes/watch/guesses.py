"""Claims that are guesses: a thread appeared with a connection, or is the only busy one."""

from collections.abc import Collection

from lanes.watch.claim import UNKNOWN, Claim
from lanes.watch.evidence import Doing, Look
from lanes.watch.newcomers import Newcomers


def claim_born_together(claims: dict[int, Claim], look: Look, newcomers: Newcomers) -> None:
    """If exactly one new connection and one new thread are unclaimed, match them."""
    unclaimed = [one for one in newcomers.connections() if claims[one] == UNKNOWN]
    if len(unclaimed) != 1:
        return
    taken = {claim.thread for claim in claims.values()}
    threads = [
        thread
        for thread in newcomers.threads()
        if thread not in taken and not is_elsewhere(look[thread])
    ]
    if len(threads) == 1:
        claims[unclaimed[0]] = Claim(threads[0], "born together")


def claim_only_busy(claims: dict[int, Claim], look: Look, pending: Collection[int]) -> None:
    """If exactly one unserved client waits and one unclaimed thread is busy, match them."""
    open_ = [one for one in pending if one in claims and claims[one].how in {"unknown", "polled"}]
    if len(open_) != 1:
        return
    taken = {claim.thread for claim in claims.values() if claim.how not in {"unknown", "polled"}}
    busy = [thread for thread, doing in look.items() if doing.busy and thread not in taken]
    if len(busy) == 1:
        claims[open_[0]] = Claim(busy[0], "only one busy")


def is_elsewhere(doing: Doing) -> bool:
    """Whether it waits for some socket or for a new client, or cannot be inspected."""
    waits = (doing.serves or doing.polls) and bool(doing.inodes)
    return waits or doing.kind in {"accepts", "hidden"}
