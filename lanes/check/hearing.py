"""What clients hear once they have spoken, and when: each its own answer, or all the same."""

import time
from collections.abc import Mapping, Sequence
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple

from lanes.check.caller import Caller
from lanes.check.connection import ENDLESS, QUIET
from lanes.check.failure import Endless, Failed

LISTENS = 1.0  # seconds for more to come of an answer, the first time that one is heard
PAUSES = 3  # times as long as one alone waits is a pause between two answers at most
ROUNDING = 1e-9


class Heard(NamedTuple):
    """One answer. The server may say first that it has begun, and pause before it says the rest."""

    first: float  # seconds until it began
    seconds: float  # until its last part began
    before: int  # bytes, of the parts before that
    pause: float  # seconds, the longest
    text: str


class Late(NamedTuple):
    """A client that was not answered, and what it met."""

    caller: Caller
    failure: Failed


class Answers(NamedTuple):
    """The result of speaking at once."""

    seconds: Sequence[float]  # of each that was answered, since its own message; ascending
    late: Late | None


def hear_out(caller: Caller, began: float) -> Heard:
    """The answer to what was said then, until nothing more of it comes."""
    text, before, until = caller.reply(whole=False).text, 0, caller.due
    first = last = part = time.monotonic()
    longest = 0.0
    while not caller.framed and last < until and caller.hears(caller.quiet):
        now = time.monotonic()
        if more := caller.heard():
            if now - last > QUIET:
                before, part = len(text.encode()), now
                longest = max(longest, now - last)
            text += more
            last = now
        if len(text) > ENDLESS:
            raise Endless(f"a reply that does not end: {len(text):,} bytes so far")
    return Heard(first - began, part - began, before, longest, text)


def heard_by_each(speakers: Sequence[Caller], enough: int) -> tuple[Answers, Mapping[Caller, str]]:
    """What each hears, until it has heard `enough` bytes: an answer has at least as many."""
    seconds: list[float] = []
    texts = dict.fromkeys(speakers, "")
    missing = dict.fromkeys(speakers, enough)
    with DefaultSelector() as waiting:
        for caller in speakers:
            waiting.register(caller, EVENT_READ, caller)
        while missing:
            first = next(iter(missing))  # of those that wait it has waited longest
            ready = waiting.select(max(first.due - time.monotonic(), 0))
            for caller in [key.data for key, _ in ready] or [first]:
                try:
                    heard = caller.heard()
                except Failed as failure:
                    return Answers(sorted(seconds), Late(caller, failure)), texts
                texts[caller] += heard or ""
                missing[caller] -= 0 if heard is None else max(len(heard.encode()), 1)
                if missing[caller] <= 0:
                    seconds.append(caller.waits)
                    waiting.unregister(caller)
                    del missing[caller]
    return Answers(sorted(seconds), None), texts


def heard_by_all(speakers: Sequence[Caller], reply: int, alone: float) -> Answers:
    """How far the server is with all that was said: the last client hears all of it.

    Nobody can tell its own answer from what others have caused. So no answer is counted, but how
    much of all of them has come; a `reply` has this many bytes.
    """
    listener, many = speakers[-1], len(speakers)
    total, parts = 0, list[tuple[float, int]]()
    pause = PAUSES * alone + listener.quiet
    try:
        while (left := listener.due - time.monotonic()) > 0:
            if not listener.hears(min(left, pause) if parts else left):
                break
            total += len((listener.heard() or "").encode())
            parts.append((listener.waits, total))
        if total and (left > pause or total >= many * reply):
            return Answers(_progress(parts, many, total / many), None)
        raise listener.overdue()
    except Failed as failure:
        return Answers(_progress(parts, many, reply), Late(listener, failure))


def _progress(parts: Sequence[tuple[float, int]], many: int, reply: float) -> list[float]:
    """When so much had come as that many replies have: one after the other, as far as it went."""
    seconds: list[float] = []
    for at, total in parts:
        answered = min(many, int(total / reply + ROUNDING))
        seconds += [at] * (answered - len(seconds))
    return seconds
