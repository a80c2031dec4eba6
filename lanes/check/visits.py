"""What clients that come one after the other can expect of any server."""

import statistics
import time
from collections.abc import Sequence

from lanes.check.caller import MESSAGE
from lanes.check.claim import check, duration
from lanes.check.control import Control
from lanes.check.failure import Failed, HungUp, Unseen, said_of
from lanes.check.subject import Subject
from lanes.check.symptoms import HANGS_UP

VISITS = 500
SECONDS = 15.0  # after this time, fewer visits are enough
AGAIN = 3  # comparisons in a row that must find the last visits slower
ENDS = 50  # this many first visits are compared with as many last ones
SLOWER = 2.0  # slower means: more than this many times as long,
SLOWER_SECONDS = 0.01  # and longer by more than this
BUSIER = 2.0  # if visits to a correct server take this many times as long, the machine is busy
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
    control: list[float] = []  # the same, for a correct server
    end = time.monotonic() + SECONDS
    with Control() as right:

        def visit() -> None:
            times.append(_visit(subject, len(times) + 1))
            right.visit()  # not timed: the checked server may still work for the client that left
            control.append(right.visit())

        while len(times) < VISITS and time.monotonic() < end:
            visit()
        for _ in range(AGAIN):
            many = min(ENDS, (len(times) + 1) // 2)
            first, last = _usual(times[:many]), _usual(times[-many:])
            evidence = (
                f"of {len(times)} visits, three in four of the first {many} took at least "
                f"{duration(first)}, of the last {many} {duration(last)}"
            )
            if last <= SLOWER * first or last - first <= SLOWER_SECONDS:
                return evidence
            for _ in range(many):  # the machine may have become busy, perhaps only for a while
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
            hint = HANGS_UP if isinstance(failure, HungUp) else failure.hint or BEHIND
            raise Failed(str(failure), hint) from None
    return time.monotonic() - began


def _usual(times: Sequence[float]) -> float:
    """Return the first quartile: a busy machine slows some visits, a faulty server all of them."""
    return statistics.quantiles(times, n=4)[0] if len(times) > 1 else times[0]
