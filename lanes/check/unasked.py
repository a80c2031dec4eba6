"""Servers that send unprompted: neither the greeting nor what a server repeats is an answer."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from lanes.check.caller import MESSAGE, Caller, Ticks
from lanes.check.claim import quoted
from lanes.check.connection import FLOOD
from lanes.check.dialer import AT_ONCE
from lanes.check.failure import Endless, Failed, Mute
from lanes.check.hearing import LISTENS, Heard, hear_out
from lanes.check.subject import Subject

LONGER = 1.25  # a silent client listens for this many times as long as an answer took,
LATER = 0.25  # plus this many seconds
MESSAGES = 4  # to a server that is never silent
DIGITS = re.compile(rb"\d+")


def heard_by_a_silent_client(subject: Subject, seconds: float) -> str:
    """Return what a client hears that sends nothing; an answer took `seconds`.

    From now on, all clients wait for it as the greeting. It is empty in `lines`, where nothing else
    looks like an answer.
    """
    if subject.framed:
        return ""
    try:
        with subject.call() as silent:
            if silent.hears(AT_ONCE + LONGER * seconds + LATER):
                subject.greeting = silent.reply().text
                return subject.greeting
    except Failed:
        pass  # whether the server takes another client is for other checks to say
    return ""


def answer_in_silence(subject: Subject, greeting: str, seconds: float) -> Heard:
    """Return the answer to a message sent in a silence of more than `seconds`.

    If there is no such silence, the answer has to differ from the unprompted output. Raises Mute.
    """
    quiet = 2 * (AT_ONCE + LONGER * seconds + LATER)
    try:
        with subject.connect() as caller:
            span = max(subject.patience.timeout, 2 * quiet)
            unasked = [*_heard(caller, quiet, span)]
            if unasked and unasked[-1][0] > time.monotonic() - quiet:
                return _among(subject, caller, [said for _, said in unasked], span)
            caller.quiet = LISTENS
            began = time.monotonic()
            caller.say(MESSAGE)
            return hear_out(caller, began)
    except Failed as failure:
        text = f"the server sends {quoted(greeting)} unprompted; after that: {failure}"
        raise Mute(text, failure.hint) from None


def _heard(caller: Caller, quiet: float, span: float) -> Iterator[tuple[float, bytes]]:
    """Yield what comes, and when, until `quiet` seconds of silence, or until `span` is over."""
    until, total = time.monotonic() + span, 0
    while (left := until - time.monotonic()) > 0 and caller.hears(min(quiet, left)):
        said = caller.receive(until)
        total += len(said)
        if total > FLOOD:
            raise Endless(f"the server's unprompted output does not end: {total:,} bytes so far")
        yield time.monotonic(), said


def _among(subject: Subject, caller: Caller, unasked: Sequence[bytes], span: float) -> Heard:
    """Return the answer of a server that keeps sending what is in `unasked`.

    If answers look the same, they show in how often the server sends.
    """
    ticks = ticks_of(unasked)
    after: list[tuple[float, bytes]] = []
    first = time.monotonic()
    for _ in range(MESSAGES):
        began = time.monotonic()
        caller.say(MESSAGE)
        for at, said in _heard(caller, span, span / MESSAGES):
            after.append((at, said))
            if ticks and (answer := ticks.sub(b"", said)):
                subject.ticks = ticks
                if not ticks.sub(b"", unasked[0]):
                    subject.greeting = ""  # it was the first tick
                return _heard_at(at - began, answer)
    if 2 * abs(len(after) - len(unasked)) < MESSAGES:
        raise Failed("no answer, only more unprompted output")
    at, said = after[0]
    return _heard_at(at - first, said)


def _heard_at(seconds: float, said: bytes) -> Heard:
    return Heard(seconds, seconds, 0, 0, said.decode(errors="replace"))


def ticks_of(unasked: Sequence[bytes]) -> Ticks | None:
    """Return a pattern for what repeats, with any numbers; None if it does not match everything."""
    often = [form for form, times in Counter(map(_form, unasked[1:])).items() if times > 1]
    ticks = re.compile(rb"|".join(sorted(often, reverse=True)) or rb"(?!)")
    return ticks if often and not any(ticks.sub(b"", said) for said in unasked[1:]) else None


def _form(said: bytes) -> bytes:
    words = (DIGITS.sub(rb"\\d+", re.escape(word)) for word in said.split())
    return rb"\s*" + rb"\s+".join(words) + rb"\s*"
