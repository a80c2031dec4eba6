"""What clients can expect of any server that come one after the other."""

import statistics
import time
from collections.abc import Sequence

from lanes.check.caller import MESSAGE
from lanes.check.claim import check, duration
from lanes.check.control import Control
from lanes.check.failure import Failed, HungUp, Unseen, said_of
from lanes.check.subject import Subject
from lanes.check.symptoms import ENDED

VISITS = 500
SECONDS = 15.0  # after that, fewer visits are enough
AGAIN = 3  # the last are slower so often
ENDS = 50  # the first and the last visits that are compared
SLOWER = 2.0  # times as long, and longer by that many seconds, counts as slower
SLOWER_SECONDS = 0.01
BUSIER = 2.0  # times as long takes a visit to a server that is right: the machine has other work
BEHIND = (
    "the server does not keep up: it still works for clients that have left, or its threads or "
    "descriptors run out because connections are not closed"
)


@check(
    hint="something grows with each client and delays the next: a list that is searched, "
    "threads that are joined"
)
def churn(subject: Subject) -> str:
    """After hundreds of short visits, a visit takes no longer than at first."""
    times: list[float] = []
    control: list[float] = []  # of what no server does wrong
    end = time.monotonic() + SECONDS
    with Control() as right:

        def visit() -> None:
            times.append(_visit(subject, len(times) + 1))
            right.visit()  # beside what that server still does for the client that has just left
            control.append(right.visit())

        while len(times) < VISITS and time.monotonic() < end:
            visit()
        for _ in range(AGAIN):
            many = min(ENDS, (len(times) + 1) // 2)
            first, last = _usual(times[:many]), _usual(times[-many:])
            evidence = (
                f"of {len(times)} visits the first {many} took {duration(first)} each, "
                f"the last {many} {duration(last)}"
            )
            if last <= SLOWER * first or last - first <= SLOWER_SECONDS:
                return evidence
            for _ in range(many):  # the machine may have become busy: that does not always last
                visit()
    if statistics.fmean(control[-many:]) > BUSIER * statistics.fmean(control[:many]):
        raise Unseen(f"{evidence}; but this machine has become busier meanwhile: try again")
    raise Failed(evidence)


def _visit(subject: Subject, number: int) -> float:
    began = time.monotonic()
    with said_of(f"visit {number} of {VISITS}"), subject.call() as caller:
        caller.say(MESSAGE)
        try:
            caller.reply(whole=caller.pauses)
        except Failed as failure:
            hint = ENDED if isinstance(failure, HungUp) else BEHIND
            raise Failed(str(failure), hint) from None
    return time.monotonic() - began


def _usual(times: Sequence[float]) -> float:
    """A quarter took less: a busy machine makes some longer, and a wrong server all of them."""
    return statistics.quantiles(times, n=4)[0] if len(times) > 1 else times[0]
