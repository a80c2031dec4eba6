"""What many clients can expect of any server, at the same time and one after the other."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from lanes.check.caller import MESSAGE, Caller
from lanes.check.claim import check, duration
from lanes.check.failure import Failed, said_of
from lanes.check.subject import Subject

VISITS = 500
VISITS_SECONDS = 15.0  # after that, fewer visits are enough
ENDS = 50  # the first and the last visits that are compared
SLOWER = 2.0  # times as long, and longer by that many seconds, counts as slower
SLOWER_SECONDS = 0.01


@check(
    hint="a lock held over the whole conversation, no thread for each client, `run()` instead of "
    "`start()`, or a pool of too few threads: a client waits until others have left"
)
def concurrent(subject: Subject) -> str:
    """Clients that are connected at the same time are served at the same time."""
    with ExitStack() as staying:
        callers: list[Caller] = []
        for _ in range(subject.clients):
            callers.append(staying.enter_context(subject.connect()))
            with _beside_the_others(callers[-1], callers):
                callers[-1].be_greeted()
        for _ in range(2):
            for caller in callers:
                with _beside_the_others(caller, callers):
                    caller.say(MESSAGE)
            for caller in callers:
                with _beside_the_others(caller, callers):
                    caller.reply()
    return f"{len(callers)} clients stayed connected, and each was answered twice"


@contextmanager
def _beside_the_others(caller: Caller, callers: Sequence[Caller]) -> Iterator[None]:
    """If it fails, say which client it was, and whether the others were in its way."""
    try:
        yield
    except Failed as failure:
        number = callers.index(caller) + 1
        others = [other for other in callers if other is not caller]
        beside = f", with {len(others)} others" if others else ""
        raise Failed(f"client {number}{beside}: {failure}{_once_alone(caller, others)}") from None


def _once_alone(caller: Caller, others: Sequence[Caller]) -> str:
    """Whether a client that waited in vain is answered once the others have left."""
    if not others:
        return ""
    began = time.monotonic()
    for other in others:
        other.leave()
    try:
        caller.answer()
    except Failed:
        return ", not even after the others had left"
    return f"; it came {duration(time.monotonic() - began)} after the others had left"


@check(hint="the thread that accepts also receives, or a lock is held while waiting for a client")
def unblocked(subject: Subject) -> str:
    """A silent or slow client does not hold up the others."""
    with subject.connect(), subject.connect() as dribbling:
        dribbling.send(b"H")
        beside = said_of("a client beside a silent one and one that sends byte by byte")
        with beside, subject.call() as caller:
            for byte in b"ey ":
                dribbling.send(bytes([byte]))
                caller.ask()
    return "answered beside a silent client and one that sends byte by byte"


@check(hint="too few threads, a lock held over the conversation, or too short a `listen` backlog")
def many(subject: Subject) -> str:
    """A hundred clients (or --many) at once are all answered."""
    with ExitStack() as staying:
        began = time.monotonic()
        callers = list(subject.callers(staying, subject.many))
        connected = time.monotonic()
        for number, caller in enumerate(callers, 1):
            with said_of(f"client {number} of {len(callers)} at once"):
                caller.say(MESSAGE)
        for number, caller in enumerate(callers, 1):
            with said_of(f"client {number} of {len(callers)} at once"):
                caller.reply(whole=False)
        answered = time.monotonic()
    return (
        f"{len(callers)} clients connected within {duration(connected - began)}, and all were "
        f"answered {duration(answered - connected)} later"
    )


@check(
    hint="something grows with each client and delays the next: a list that is searched, "
    "threads that are joined"
)
def churn(subject: Subject) -> str:
    """After hundreds of short visits, a visit takes no longer than at first."""
    times: list[float] = []
    end = time.monotonic() + VISITS_SECONDS
    while len(times) < VISITS and time.monotonic() < end:
        began = time.monotonic()
        with said_of(f"visit {len(times) + 1} of {VISITS}"), subject.call() as caller:
            caller.say(MESSAGE)
            caller.reply(whole=False)
        times.append(time.monotonic() - began)
    ends = min(ENDS, (len(times) + 1) // 2)
    first, last = statistics.median(times[:ends]), statistics.median(times[-ends:])
    evidence = (
        f"of {len(times)} visits the first {ends} took {duration(first)} each, "
        f"the last {ends} {duration(last)}"
    )
    if last > SLOWER * first and last - first > SLOWER_SECONDS:
        raise Failed(evidence)
    return evidence
