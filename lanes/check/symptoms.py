"""A client waits in vain: what else is seen, and the likely cause where that tells it."""

import time
from collections.abc import Sequence
from contextlib import suppress

from lanes.check.caller import MESSAGE, Caller
from lanes.check.failure import Failed, HungUp
from lanes.check.rounds import speak

SOON = 0.25  # seconds for an answer that goes to another
LAST = 1.0  # seconds that the client that came last is waited for
SHARED = (
    "the threads share one variable for the connection, and each client that connects replaces "
    "what the others need (a global, or `&fd` of one loop variable given to `pthread_create`): "
    "give each thread a connection of its own, as its argument"
)
LEFT_OUT = (
    "the server passes a message on to all the other clients and leaves out the one that said it: "
    "answer that one too"
)
ENDED = (
    "an exception in the client's thread, or a connection that is closed before the answer is "
    "sent: the message may not be what the server expects (a length or a number before it, JSON); "
    "look at what it printed"
)


def of_silence(failure: Failed, speaker: Caller, clients: Sequence[Caller]) -> str:
    """The cause, if the other clients tell it: they are silent, and had heard nothing before."""
    others = [one for one in clients if one is not speaker]
    if others:
        others[-1].hears(SOON)
    heard = [one for one in others if one.hears()]
    if len(others) > 1 and len(heard) == len(others):
        return LEFT_OUT
    if len(others) > 1 and len(heard) == 1:
        return SHARED  # its answer went to another
    may_be = speaker is not clients[-1] and not isinstance(failure, HungUp)
    return SHARED if may_be and _is_served(clients[-1]) else ""


def _is_served(last: Caller) -> bool:
    """Whether the client that came last is answered, though one before it is not."""
    with suppress(Failed):
        last.say(MESSAGE)
        return last.hears(LAST)
    return False


def of_no_answer(speaker: Caller, other: Caller) -> str:
    """The cause, if a client that came later tells it, by being there or by what it hears.

    Where a thread has ended, it is often the next `accept` that closes its connection: in Python
    the variable that has it then stands for another.
    """
    if speaker.is_hung_up_on(LAST):
        return ENDED
    text, until = "", other.due
    with suppress(Failed):
        mark = speak(speaker)
        while mark not in text and other.hears(until - time.monotonic()):
            text += other.reply(whole=False).text
        return LEFT_OUT if mark in text else ""
    return ""
