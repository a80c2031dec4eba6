"""What many clients can expect of any server: at the same time, and one after the other."""

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack

from client.check.caller import Caller, Failed, said_of
from client.check.claim import claim, told
from client.check.subject import Subject

MANY = 100
VISITS = 500
VISITS_SECONDS = 15.0  # after that it is enough, though they be fewer
ENDS = 50  # visits at the beginning, and at the end, that are compared
SLOWER = 2.0  # times, and by so many seconds for each: then it is called slower
SLOWER_SECONDS = 0.01


@claim(
    "Clients that are connected at the same time are served at the same time.",
    mostly="a lock that is held over the whole conversation, no thread for each client, "
    "`run()` where `start()` is meant, or a pool of too few threads: a client waits "
    "until others have left",
)
def concurrent(subject: Subject) -> str:
    """All stay connected, and each is answered while all the others stay."""
    with ExitStack() as staying:
        callers: list[Caller] = []
        for number in range(1, subject.clients + 1):
            caller = staying.enter_context(subject.connect())
            try:
                caller.be_greeted()
                caller.ask()
            except Failed as failure:
                then = _once_alone(caller, callers) if callers else ""
                raise Failed(
                    f"client {number} of {subject.clients}, while those before it stay: "
                    f"{failure}{then}"
                ) from None
            callers.append(caller)
        for number, caller in enumerate(callers, 1):
            with said_of(f"client {number}, asking again while all {subject.clients} stay"):
                caller.ask()
    return f"{subject.clients} clients stayed, and each was answered twice meanwhile"


def _once_alone(caller: Caller, others: Sequence[Caller]) -> str:
    """Whether one who has waited in vain is answered once the others have left."""
    for other in others:
        other.leave()
    began = time.monotonic()
    try:
        caller.answer()
    except Failed:
        return ", nor when they had left"
    return f"; the answer came {told(time.monotonic() - began)} after they had left"


@claim(
    "A client that says nothing, or not much, holds nobody up.",
    mostly="the thread that accepts also receives, or a lock is held while a client is waited for",
)
def unblocked(subject: Subject) -> str:
    """One client is silent, another does not finish its first message."""
    with subject.connect(), subject.connect() as dribbling:
        dribbling.send(b"Hey")
        beside = said_of("a client beside one that is silent and one that dribbles")
        with beside, subject.call() as caller:
            for byte in b" Server":
                dribbling.send(bytes([byte]))
                caller.ask()
    return "answered beside a client that is silent and one that dribbles"


@claim(
    "A hundred clients at once are all answered.",
    mostly="too few threads, a lock that is held over the conversation, or a `listen` backlog "
    "that is too short",
)
def many(subject: Subject) -> str:
    """A hundred at once: all are there, and have asked, before any looks for its reply."""
    with ExitStack() as staying:
        callers = list(subject.callers(staying, MANY))
        began = time.monotonic()
        for caller in callers:
            caller.say("Hey Server!!!")
        for number, caller in enumerate(callers, 1):
            with said_of(f"client {number} of {MANY} at once"):
                caller.beginning()
        took = time.monotonic() - began
    return f"{MANY} clients at once, all answered after {told(took)}"


@claim(
    "After hundreds of short visits a visit takes no longer than at first.",
    mostly="something grows with each client: threads that do not end, connections that are "
    "not closed, a list that is searched",
)
def churn(subject: Subject) -> str:
    """Short visits, one after the other: the last ones take no longer than the first."""
    times: list[float] = []
    end = time.monotonic() + VISITS_SECONDS
    while len(times) < VISITS and (time.monotonic() < end or len(times) < 2 * ENDS):
        began = time.monotonic()
        with said_of(f"visit {len(times) + 1} of {VISITS}"), subject.call() as caller:
            caller.say("Hey Server!!!")
            caller.beginning()
        times.append(time.monotonic() - began)
    first, last = statistics.median(times[:ENDS]), statistics.median(times[-ENDS:])
    evidence = (
        f"of {len(times)} visits the first {ENDS} took {told(first)} each, "
        f"the last {ENDS} {told(last)}"
    )
    if last > SLOWER * first and last - first > SLOWER_SECONDS:
        raise Failed(evidence)
    return evidence
