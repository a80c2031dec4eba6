"""Clients that are connected at the same time, and speak alone or together.

A client that speaks alone is answered by nobody but the server. Where all of them hear what one
says, as in a chat, what comes after all have spoken is nobody's own answer.
"""

import secrets
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from lanes.check.caller import MESSAGE, Caller
from lanes.check.failure import Failed
from lanes.check.hearing import Answers, Heard, hear_out, heard_by_all, heard_by_each

ALONE = 1.0  # seconds for clients to speak one by one; after that only the last of them does,
BRIEF = 0.5  # seconds of an answer
VARIED = 4.0  # but these many where some are answered much sooner than others
ALIKE = 1.5  # times as long as the shortest, and a wait is much like it
SEVERAL = 10  # waits of one client: a single one may be anything
MIXED = (
    "threads share a variable for what they have received or will send (a global buffer), so that "
    "one overwrites another's: let each have its own"
)


class Rounds:
    """The same clients, once or several times."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self.callers = callers
        self.speaking = callers[0]  # whom a failure is about
        self.is_chat = False  # whether most others have heard what the last said that spoke alone
        self.is_private = True  # whether no other ever has
        self._heard: list[Heard] = []  # by those that spoke alone

    def greetings(self, usual: float) -> None:
        """Wait for each client's, and for what clients have caused that have left."""
        for caller in self.callers:
            self.speaking = caller
            caller.be_greeted(whole=False)
        seconds = usual if usual < BRIEF else 0  # else it is seldom asked
        self.callers[-1].be_drained(seconds)  # what others get meanwhile they drop

    def each_alone(self, usual: float) -> float:
        """Have each speak while the others are silent; the mean of their waits.

        Where an answer usually takes long, not each does.
        """
        *some, last = self.callers if usual < ALONE else self.callers[-1:]
        return statistics.fmean([*_enough(self.alone, some), self.alone(last)])

    def alone_again(self, caller: Caller) -> float:
        """Have one speak several times while the others are silent; the mean of its waits.

        The first is not among them: the client may not have been accepted yet.
        """
        first = self.alone(caller)
        return first if first > ALONE else statistics.fmean(_enough(self.alone, [caller] * SEVERAL))

    def alone(self, caller: Caller) -> float:
        """Have one speak while the others are silent; after how many seconds it was answered."""
        self.speaking = caller
        others = [one for one in self.callers if one is not caller]
        for one in others:
            one.drop()
        began = time.monotonic()
        speak(caller)
        self._heard.append(hear_out(caller, began))
        hear = sum([one.overhears() for one in others])
        self.is_chat = not caller.framed and 2 * hear > len(others)
        self.is_private = self.is_private and not hear
        return self._heard[-1].seconds

    def together(self, speakers: Sequence[Caller], alone: float) -> Answers:
        """Have them speak at once, where one that speaks alone is answered after so long."""
        for caller in self.callers:
            caller.drop()
        marks: dict[Caller, str] = {}
        for caller in speakers:
            self.speaking = caller
            marks[caller] = speak(caller)
        if self.is_chat:
            reply = len(self._heard[-1].text.encode())
            return heard_by_all(speakers, reply, alone)
        before = min((heard.before for heard in self._heard), default=0)
        answers, texts = heard_by_each(speakers, before + 1)
        if self.is_private:
            self._tell_apart(marks, texts)
        return answers

    def _tell_apart(self, marks: Mapping[Caller, str], texts: Mapping[Caller, str]) -> None:
        """Raise Failed if one has got another's answer, where they repeat what was said."""
        for caller, text in texts.items():
            is_own = marks[caller] in text or not any(mark in text for mark in marks.values())
            if not is_own and marks[caller] not in caller.rest().decode(errors="replace"):
                self.speaking = caller
                raise Failed("it was answered with what another client had said", MIXED)


def _enough(wait: Callable[[Caller], float], callers: Sequence[Caller]) -> list[float]:
    """The waits of these, or of as many as there is time for."""
    began, waits = time.monotonic(), list[float]()
    for caller in callers:
        is_varied = bool(waits) and max(waits) > ALIKE * min(waits)
        if waits and time.monotonic() - began > (VARIED if is_varied else ALONE):
            break
        waits.append(wait(caller))
    return waits


def speak(caller: Caller) -> str:
    """Say something that nobody else says; return what tells it apart."""
    mark = f"{secrets.randbelow(10**8):08}"
    caller.say(f"{MESSAGE} {mark}")
    return mark
