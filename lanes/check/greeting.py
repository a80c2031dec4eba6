"""A server that speaks late, without being asked: its greeting is no answer."""

import time

from lanes.check.caller import MESSAGE, Caller
from lanes.check.claim import quoted
from lanes.check.failure import Failed, Mute, Patience
from lanes.check.protocol import Reply
from lanes.check.subject import AT_ONCE, Subject

LONGER = 1.25  # times as long as the answer took is a silent client listened to,
LATER = 0.25  # and this many seconds more


def heard_by_a_silent_client(subject: Subject, seconds: float) -> str:
    """What a client hears that says nothing, where one that spoke was answered after `seconds`.

    From now on all clients wait for it as a greeting. In `lines` an answer cannot be mistaken.
    """
    if subject.framed:
        return ""
    try:
        with subject.call() as silent:
            if silent.hears(AT_ONCE + LONGER * seconds + LATER):
                subject.greeting = silent.reply().text
                return subject.greeting
    except Failed:
        pass  # whether it takes another client is not asked here
    return ""


def answer_in_silence(subject: Subject, greeting: str, seconds: float) -> tuple[float, Reply]:
    """The answer to a message in a silence of more than those seconds, and how long it took.

    Raises Mute.
    """
    try:
        with subject.connect() as caller:
            return _ask(caller, 2 * (AT_ONCE + LONGER * seconds + LATER), subject.patience)
    except Failed as failure:
        raise Mute(f"{quoted(greeting)} comes unasked; after it: {failure}") from None


def _ask(caller: Caller, quiet: float, patience: Patience) -> tuple[float, Reply]:
    """Where the server is never silent, the answer has to come sooner than what else it says."""
    until, last, pause = patience.until(), time.monotonic(), quiet
    while caller.hears(quiet) and (now := time.monotonic()) < until:
        last, pause = now, min(pause, now - last)
        caller.rest()
    is_silent = time.monotonic() < until
    began = time.monotonic()
    caller.say(MESSAGE)
    if not is_silent and not caller.hears(pause / 2):
        raise Failed("no answer, only more of that")
    reply = caller.reply(whole=False)
    return time.monotonic() - began, reply
