"""Clients that are connected at the same time, and speak alone or together.

Some servers pass on what one client says to all of them, as a chat does. So who speaks alone is
answered only by the server; and where the server repeats what is said, an answer has to hold what
the client itself has said.
"""

import secrets
import statistics
import time
from collections.abc import Sequence
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple

from lanes.check.caller import MESSAGE, Caller
from lanes.check.failure import Failed

ALONE = 1.0  # seconds for clients to speak one by one; after that only the last of them does


class Late(NamedTuple):
    """A client that was not answered, and what it met."""

    caller: Caller
    failure: Failed


class Answers(NamedTuple):
    """What came of speaking at once."""

    seconds: Sequence[float]  # until each answer, in the order in which they came
    late: Late | None


class Rounds:
    """The same clients, once or several times."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self.callers = callers
        self.speaking = callers[0]  # whom a failure is about
        self._repeats = False  # whether all hear what one says, and it does so too

    def greetings(self) -> None:
        """Wait for each client's."""
        for caller in self.callers:
            self.speaking = caller
            caller.be_greeted(whole=False)
        self.callers[-1].be_still()  # what comes for the others meanwhile they drop

    def each_alone(self, usual: float) -> float:
        """Have each speak while the others are silent; the median of their waits.

        Where an answer usually takes long, not each does.
        """
        until = time.monotonic() + ALONE - usual
        last = self.callers[-1]
        return statistics.median(
            [self.alone(one) for one in self.callers if one is last or time.monotonic() < until]
        )

    def alone(self, caller: Caller) -> float:
        """Have one speak while the others are silent; after how many seconds it was answered."""
        self.speaking = caller
        others = [one for one in self.callers if one is not caller]
        for one in others:
            one.drop()
        seconds, repeated = self._ask(caller)
        if repeated and not self._repeats and any(one.hears() for one in others):
            _, self._repeats = self._ask(caller)  # twice: the first message may be a name
        return seconds

    def together(self, speakers: Sequence[Caller]) -> Answers:
        """Have them speak at once."""
        began = time.monotonic()
        with DefaultSelector() as waiting:
            marks: dict[Caller, str] = {}
            for caller in speakers:
                self.speaking = caller
                marks[caller] = speak(caller)
                waiting.register(caller, EVENT_READ, caller)
            texts = dict.fromkeys(speakers, "")
            seconds: list[float] = []
            while marks:
                first = next(iter(marks))  # of those that wait it has waited longest
                ready = waiting.select(max(first.due - time.monotonic(), 0))
                for caller in [key.data for key, _ in ready] or [first]:
                    try:
                        heard = caller.heard()
                    except Failed as failure:
                        return Answers(seconds, Late(caller, failure))
                    texts[caller] += heard or ""
                    if heard is not None and (not self._repeats or marks[caller] in texts[caller]):
                        seconds.append(time.monotonic() - began)
                        waiting.unregister(caller)
                        del marks[caller]
        return Answers(seconds, None)

    def _ask(self, caller: Caller) -> tuple[float, bool]:
        """After how many seconds the answer begins, and whether it repeats what was said."""
        began = time.monotonic()
        mark = speak(caller)
        text = caller.reply(whole=False).text
        while self._repeats and mark not in text:
            text += caller.reply(whole=False).text
        seconds = time.monotonic() - began
        caller.be_still()
        return seconds, mark in text


def speak(caller: Caller) -> str:
    """Say something that nobody else says; return what tells it apart."""
    mark = f"{secrets.randbelow(10**8):08}"
    caller.say(f"{MESSAGE} {mark}")
    return mark
