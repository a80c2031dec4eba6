"""The likely cause if a client waits in vain, judged by what else can be seen."""

import time
from collections.abc import Sequence
from contextlib import suppress

from lanes.check.caller import MESSAGE, Caller
from lanes.check.failure import Failed, Gone, HungUp
from lanes.check.rounds import Rounds, speak

SOON = 0.25  # seconds for an answer that goes to another client
LAST = 1.0  # seconds to wait for the client that came last
SHARED = (
    "the threads share one variable for the connection, and each client that connects replaces "
    "what the others need (a global, or `&fd` of one loop variable given to `pthread_create`): "
    "give each thread a connection of its own, as its argument"
)
LEFT_OUT = (
    "the server passes a message on to all the other clients and leaves out the one that said it: "
    "answer that one too"
)
CHOOSY = (
    "the server answers only certain messages: it compares what a client says with the lab's "
    "question, for example. Answer whatever a client says"
)
ONE_BY_ONE = (
    "clients are taken one by one, and each waits for those before it to be taken, not to leave: "
    "the loop that accepts does something slow for each client (it looks up a name, sleeps, "
    "greets). Let it accept and start the thread, and do the rest there"
)
TURNED_AWAY = (
    "the server hangs up on clients while others are connected: it has a limit for them, or an "
    "exception ends the client's thread; look at what it printed"
)
HANGS_UP = (
    "an exception ends the client's thread, or the server closes another client's connection; look "
    "at what it printed"
)
SECOND = (
    "the server answers only a later message: it takes the first for something else, such as a "
    "name, and does not reply to it"
)
AT_THE_END = (
    "the server answers only once the client has ended its output: it waits for a line end, which "
    "the lab's client does not send (`readline`, `makefile`), for a fixed number of bytes, or for "
    "the end of the stream"
)
STILL = 0.8  # share of a wait: if the last answer came later than that, answers go on coming
ENDED = (
    "an exception in the client's thread, or a connection that is closed before the answer is "
    "sent: the message may not be what the server expects (a length or a number before it, JSON); "
    "look at what it printed"
)


def of_silence(failure: Failed, speaker: Caller, clients: Sequence[Caller]) -> str:
    """Return the cause if the others, which sent and heard nothing so far, show it; else empty."""
    others = [one for one in clients if one is not speaker]
    if others:
        others[-1].hears(SOON)
    heard = [one for one in others if one.overhears()]
    if len(others) > 1 and len(heard) == len(others):
        return LEFT_OUT
    if len(others) > 1 and len(heard) == 1:
        return SHARED  # the speaker's answer went to another client
    may_be = speaker is not clients[-1] and not isinstance(failure, HungUp)
    if not may_be:
        return ""
    return SHARED if _is_served(clients[-1]) else CHOOSY if _is_choosy(clients[-1]) else ""


def of_a_wait(failure: Failed, rounds: Rounds) -> str:
    """Return the cause if more and more clients are answered while all of them stay; else empty."""
    if isinstance(failure, HungUp | Gone):
        return ""
    speaking, began = rounds.speaking, time.monotonic()
    goes_on = False
    with suppress(Failed):
        seconds, late = rounds.together(rounds.callers, 0)
        goes_on = bool(late and seconds and seconds[-1] > STILL * (time.monotonic() - began))
    rounds.speaking = speaking
    return ONE_BY_ONE if goes_on else ""


def _is_served(last: Caller) -> bool:
    """Whether the client that came last is answered, though one before it is not."""
    with suppress(Failed):
        speak(last)
        return last.hears(LAST)
    return False


def _is_choosy(last: Caller) -> bool:
    """Whether this client, which was not answered, is answered whenever it asks the lab's question.

    Once is not enough: its next message, whatever it is, may release a lock.
    """
    with suppress(Failed):
        for _ in range(2):
            last.say(MESSAGE)
            if not last.hears(LAST):
                return False
            last.drop()
        speak(last)
        return not last.hears(LAST)
    return False


def of_no_answer(speaker: Caller, other: Caller) -> str:
    """Return the cause if a later client shows it, by its arrival or by what it hears; else empty.

    After a thread has ended, it is often the next `accept` that closes its connection: in Python,
    the variable that held it then gets another one.
    """
    if speaker.is_hung_up_on(LAST):
        return ENDED
    text, until = "", other.due
    with suppress(Failed):
        mark = speak(speaker)
        while mark not in text and other.hears(until - time.monotonic()):
            text += other.reply(whole=False).text
        if mark in text:
            return LEFT_OUT
        if speaker.hears():
            return SECOND
        speaker.end_output()
        if speaker.hears(LAST) and speaker.heard():
            return AT_THE_END
    return ""
