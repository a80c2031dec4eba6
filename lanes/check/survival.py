"""Whether the server still answers a new client, between one check and the next."""

import time

from lanes.check.caller import MESSAGE
from lanes.check.failure import Endless, Failed, Gone, HungUp, OutOfTime
from lanes.check.subject import Subject

RECOVERS = 10.0  # seconds that it gets to finish what a check has left it to do
ENDS = 1.0  # seconds for a server that hangs up to be gone
FREES = 2.0  # seconds for a server that turns clients away to notice that others have left
STEP = 0.02


class Survival:
    """A new client asks after each check.

    Where an answer takes long, only after checks that failed: most end with one who is answered.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def trouble(self, *, passed: bool) -> Failed | None:
        """What one met that was not answered after a check that passed or not."""
        if passed and self._subject.is_slow:
            return self._gone() if self._subject.is_gone() else None
        until = time.monotonic() + FREES
        while (failure := self._met()) and not (gone := self._ends(failure)):
            if not isinstance(failure, HungUp) or time.monotonic() > until:
                break  # else its places may still be taken by clients that have just left
            time.sleep(STEP)
        return self._gone() if failure and gone else failure

    def _met(self) -> Failed | None:
        """What a new client meets that is not answered."""
        try:
            with self._subject.patience.at_least(RECOVERS), self._subject.call() as caller:
                if caller.hears():  # of clients that have just left, perhaps
                    caller.be_still()
                caller.say(MESSAGE)
                caller.reply(whole=caller.pauses)
        except (Endless, OutOfTime):
            return None  # what does not end is an answer, though not a good one
        except Failed as failure:
            return failure
        return None

    def _gone(self) -> Gone:
        how = self._subject.ending()
        return Gone(f"the server was gone{f' ({how})' if how else ''}")

    def _ends(self, failure: Failed) -> bool:
        """Whether it no longer listens. One that ends hangs up first, and then its port closes."""
        until = time.monotonic() + (ENDS if isinstance(failure, Gone | HungUp) else 0)
        while not (gone := self._subject.is_gone()) and time.monotonic() < until:
            time.sleep(STEP)
        return gone
