"""Whether the loop that accepts does something slow for each client.

A short backlog hides that from clients that connect one after the other: each waits in its
`connect` until there is room.
"""

import statistics
import time
from contextlib import ExitStack

from lanes.check.caller import MESSAGE
from lanes.check.claim import duration
from lanes.check.failure import Failed, said_of
from lanes.check.subject import Subject
from lanes.check.symptoms import ONE_BY_ONE

TOGETHER = 4  # clients: the shortest backlog in use has room for as many
TRIES = 3
MORE = 10  # tries if it looks slow: answers may just take a different time each
TURNS = 0.7  # share of the time that TOGETHER clients take if each waits for those before it


def be_accepted(subject: Subject) -> None:
    """Raise Failed if that many clients would have to wait too long to be accepted."""
    for tries in TRIES, MORE:
        # Not the least: the very first connection has been accepted long since.
        first = statistics.median(_arrive(subject, 1) for _ in range(tries))
        usual = max(_answers(subject, tries))
        would_wait = (first - usual) * subject.many
        if would_wait < subject.patience.timeout:
            return
    together = min(_arrive(subject, TOGETHER) for _ in range(TRIES))
    if together - usual > TURNS * TOGETHER * (first - usual):
        raise Failed(
            f"a new client was answered after {duration(first)}, and {TOGETHER} that came together "
            f"after {duration(together)}: {subject.many} would wait {duration(would_wait)}",
            ONE_BY_ONE,
        )


def _arrive(subject: Subject, count: int) -> float:
    """Return the seconds until new clients that connect together have all heard something."""
    began = time.monotonic()
    who = "a new client" if count == 1 else f"{count} new clients"
    with said_of(who), ExitStack() as staying:
        callers = [staying.enter_context(subject.connect()) for _ in range(count)]
        if not subject.greets:
            for caller in callers:
                caller.say(MESSAGE)
        for caller in callers:
            caller.wait_for_answer()
        return time.monotonic() - began


def _answers(subject: Subject, count: int) -> list[float]:
    """Return the seconds until a client that is already served is answered, each time."""
    found = []
    with said_of("a client before the others came"), subject.call() as caller:
        caller.ask()
        for _ in range(count):
            caller.say(MESSAGE)
            caller.wait_for_answer()
            found.append(caller.waits)
            caller.reply()
    return found
