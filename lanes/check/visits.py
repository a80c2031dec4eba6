"""What clients can expect of any server that come one after the other."""

import statistics
import time

from lanes.check.caller import MESSAGE
from lanes.check.claim import check, duration
from lanes.check.failure import Failed, HungUp, said_of
from lanes.check.subject import Subject
from lanes.check.symptoms import ENDED

VISITS = 500
SECONDS = 15.0  # after that, fewer visits are enough
ENDS = 50  # the first and the last visits that are compared
SLOWER = 2.0  # times as long, and longer by that many seconds, counts as slower
SLOWER_SECONDS = 0.01
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
    end = time.monotonic() + SECONDS
    while len(times) < VISITS and time.monotonic() < end:
        began = time.monotonic()
        with said_of(f"visit {len(times) + 1} of {VISITS}"), subject.call() as caller:
            caller.say(MESSAGE)
            try:
                caller.reply(whole=False)
            except Failed as failure:
                hint = ENDED if isinstance(failure, HungUp) else BEHIND
                raise Failed(str(failure), hint) from None
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
