"""Clients that are connected at the same time, and speak alone or together.

If a client speaks alone, what it hears next is its own answer. If all clients hear what one says,
as in a chat, then after all have spoken, nobody can tell which answer is its own.
"""

import secrets
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

from lanes.check.caller import MESSAGE, Caller
from lanes.check.failure import Failed
from lanes.check.hearing import Answers, Heard, enough, hear_out, heard_by_all, heard_by_each

ALONE = 1.0  # seconds for clients to speak one by one; after that, only the last one does
BRIEF = 0.5  # seconds; an answer that takes less is brief
VARIED = 4.0  # seconds instead of ALONE if some are answered much sooner than others
ALIKE = 1.5  # waits of up to this many times the shortest count as alike
SEVERAL = 10  # waits of one client to average: a single one may be an outlier
MIXED = (
    "threads share a variable for what they have received or will send (a global buffer), so that "
    "one overwrites another's: let each have its own"
)


class Rounds:
    """Has the same clients speak, once or several times."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self.callers = callers
        self.speaking = callers[0]  # the client that a failure is about
        self.is_chat = False  # whether most others heard the last client that spoke alone
        self.is_private = True  # whether no other client ever did
        self._heard: list[Heard] = []  # the answers to clients that spoke alone

    def greetings(self, usual: float) -> None:
        """Wait for each client's greeting, and for what clients that have left have caused."""
        for caller in self.callers:
            self.speaking = caller
            caller.be_greeted(whole=False)
        seconds = usual if usual < BRIEF else 0  # a slower one is sent few messages
        self.callers[-1].be_drained(seconds)  # the others drop such output before they speak

    def each_alone(self, usual: float) -> float:
        """Have each client speak while the others are silent; return the mean of their waits.

        If answers usually take long, only the last client speaks.
        """
        *some, last = self.callers if usual < ALONE else self.callers[-1:]
        return statistics.fmean([*_enough(self.alone, some), self.alone(last)])

    def alone_again(self, caller: Caller) -> float:
        """Have one client speak several times while the others are silent; return its mean wait.

        The first wait does not count, because the client may not have been accepted yet; but if it
        is longer than ALONE, it is the only one.
        """
        first = self.alone(caller)
        return first if first > ALONE else statistics.fmean(_enough(self.alone, [caller] * SEVERAL))

    def alone(self, caller: Caller) -> float:
        """Have one client speak while the others are silent; return its wait in seconds."""
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
        """Have the speakers speak at once; `alone` is how long one waits that speaks alone."""
        for caller in self.callers:
            caller.drop()
        marks: dict[Caller, str] = {}
        for caller in speakers:
            self.speaking = caller
            marks[caller] = speak(caller)
        if self.is_chat:
            reply = len(self._heard[-1].text.encode())
            return heard_by_all(speakers, reply, alone)
        answers, texts = heard_by_each(speakers, enough(self._heard))
        if self.is_private:
            self._tell_apart(marks, texts)
        return answers

    def _tell_apart(self, marks: Mapping[Caller, str], texts: Mapping[Caller, str]) -> None:
        """Raise Failed if a client got another's answer, as far as answers repeat the message."""
        for caller, text in texts.items():
            is_own = marks[caller] in text or not any(mark in text for mark in marks.values())
            if not is_own and marks[caller] not in caller.rest().decode(errors="replace"):
                self.speaking = caller
                raise Failed("it was answered with what another client had said", MIXED)


def _enough(wait: Callable[[Caller], float], callers: Sequence[Caller]) -> list[float]:
    """Return the waits of these clients, or of as many as there is time for."""
    began, waits = time.monotonic(), list[float]()
    for caller in callers:
        is_varied = bool(waits) and max(waits) > ALIKE * min(waits)
        if waits and time.monotonic() - began > (VARIED if is_varied else ALONE):
            break
        waits.append(wait(caller))
    return waits


def speak(caller: Caller) -> str:
    """Send a message that no other client sends; return the mark that makes it unique."""
    mark = f"{secrets.randbelow(10**8):08}"
    caller.say(f"{MESSAGE} {mark}")
    return mark
