"""Tests between the checks whether the server still answers a new client."""

import time

from lanes.check.caller import MESSAGE
from lanes.check.failure import Endless, Failed, Gone, HungUp, OutOfTime
from lanes.check.subject import Subject

RECOVERS = 10.0  # seconds for the server to finish the work that a check has left
ENDS = 1.0  # seconds from hanging up to no longer listening, for a server that exits
FREES = 2.0  # seconds for a server that turns clients away to notice that others have left
STEP = 0.02


class Survival:
    """Sends a message from a new client after each check.

    If answers take long, only after checks that failed: most checks end with an answered client.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def trouble(self, *, passed: bool) -> Failed | None:
        """Return the failure of a new client after a check, or None if the client was answered."""
        if passed and self._subject.is_slow:
            return self._gone() if self._subject.is_gone() else None
        until = time.monotonic() + FREES
        while (failure := self._met()) and not (gone := self._ends(failure)):
            if not isinstance(failure, HungUp) or time.monotonic() > until:
                break  # otherwise clients that have just left may still take up its places
            time.sleep(STEP)
        return self._gone() if failure and gone else failure

    def _met(self) -> Failed | None:
        """Return the failure of a new client; None if it is answered."""
        try:
            with self._subject.patience.at_least(RECOVERS), self._subject.call() as caller:
                if caller.hears():  # perhaps caused by clients that have just left
                    caller.be_still()
                caller.say(MESSAGE)
                caller.reply(whole=caller.pauses)
        except (Endless, OutOfTime):
            return None  # an endless answer is an answer, too; with no time left, nothing is known
        except Failed as failure:
            return failure
        return None

    def _gone(self) -> Gone:
        how = self._subject.ending()
        return Gone(f"the server was gone{f' ({how})' if how else ''}")

    def _ends(self, failure: Failed) -> bool:
        """Whether the server no longer listens; one that exits hangs up before its port closes."""
        until = time.monotonic() + (ENDS if isinstance(failure, Gone | HungUp) else 0)
        while not (gone := self._subject.is_gone()) and time.monotonic() < until:
            time.sleep(STEP)
        return gone
