"""What many clients can expect of any server: at the same time, and one after the other."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from client.check.caller import MESSAGE, Caller
from client.check.claim import claim, told
from client.check.failure import Failed, said_of
from client.check.subject import Subject

VISITS = 500
VISITS_SECONDS = 15.0  # after that it is enough, though they be fewer
ENDS = 50  # visits at the beginning, and at the end, that are compared
SLOWER = 2.0  # times, and by so many seconds for each: then it is called slower
SLOWER_SECONDS = 0.01


@claim(
    "Clients that are connected at the same time are served at the same time.",
    mostly="a lock that is held over the whole conversation, no thread for each client, "
    "`run()` where `start()` is meant, or a pool of too few threads: a client waits until "
    "others have left",
)
def concurrent(subject: Subject) -> str:
    """All are there, and have asked, before any looks for its answer; and once more."""
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
    return f"{len(callers)} clients stayed, and each was answered twice meanwhile"


@contextmanager
def _beside_the_others(caller: Caller, callers: Sequence[Caller]) -> Iterator[None]:
    """Say which client it was, where it fails, and whether the others were in its way."""
    try:
        yield
    except Failed as failure:
        number = callers.index(caller) + 1
        others = [other for other in callers if other is not caller]
        if not others:
            raise Failed(f"client {number}: {failure}") from None
        raise Failed(
            f"client {number}, beside {len(others)} more: {failure}{_once_alone(caller, others)}"
        ) from None


def _once_alone(caller: Caller, others: Sequence[Caller]) -> str:
    """Whether one who has waited in vain is answered once the others have left."""
    began = time.monotonic()
    for other in others:
        other.leave()
    try:
        caller.answer()
    except Failed:
        return ", nor when the others had left"
    return f"; it came {told(time.monotonic() - began)} after the others had left"


@claim(
    "A client that says nothing, or not much, holds nobody up.",
    mostly="the thread that accepts also receives, or a lock is held while a client is waited for",
)
def unblocked(subject: Subject) -> str:
    """One client is silent, another does not finish its first message."""
    with subject.connect(), subject.connect() as dribbling:
        dribbling.send(b"H")
        beside = said_of("a client beside one that is silent and one that dribbles")
        with beside, subject.call() as caller:
            for byte in b"ey ":
                dribbling.send(bytes([byte]))
                caller.ask()
    return "answered beside a client that is silent and one that dribbles"


@claim(
    "A hundred clients (or --many) at once are all answered.",
    mostly="too few threads, a lock that is held over the conversation, or a `listen` backlog "
    "that is too short",
)
def many(subject: Subject) -> str:
    """All are there, and have asked, before any looks for its reply."""
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
        f"{len(callers)} clients were there after {told(connected - began)}, and answered "
        f"{told(answered - connected)} later"
    )


@claim(
    "After hundreds of short visits a visit takes no longer than at first.",
    mostly="something grows with each client, and whoever comes next has to wait for it: a "
    "list that is searched, threads that are waited for",
)
def churn(subject: Subject) -> str:
    """Short visits, one after the other: the last ones take no longer than the first."""
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
        f"of {len(times)} visits the first {ends} took {told(first)} each, "
        f"the last {ends} {told(last)}"
    )
    if last > SLOWER * first and last - first > SLOWER_SECONDS:
        raise Failed(evidence)
    return evidence
