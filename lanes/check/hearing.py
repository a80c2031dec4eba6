"""What clients hear after they have spoken, and when: each its own answer, or all the same."""

import statistics
import time
from collections.abc import Mapping, Sequence
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple

from lanes.check.caller import Caller
from lanes.check.connection import ENDLESS, LONG, QUIET
from lanes.check.failure import Endless, Failed

LISTENS = 1.2  # seconds to wait for the rest of the very first answer; clocks tick each second
PAUSES = 3  # times the wait of one alone: the longest pause between two answers
ROUNDING = 1e-9


class Heard(NamedTuple):
    """One answer. The server may first say that it has begun, and pause before the rest.

    If more comes until the time is up, only the first part counts: clocks and heartbeats tick on.
    """

    first: float  # seconds until it began
    seconds: float  # until its last part began
    before: int  # bytes of the parts before the last
    pause: float  # seconds; the longest one
    text: str
    goes_on: bool = False  # whether more came until the time was up


class Late(NamedTuple):
    """A client that was not answered, and its failure."""

    caller: Caller
    failure: Failed


class Answers(NamedTuple):
    """The result of a round in which clients speak at once."""

    seconds: Sequence[float]  # the wait of each answered client, since its own message; ascending
    late: Late | None


def hear_out(caller: Caller, began: float) -> Heard:
    """Return the answer to a message sent at `began`, once no more of it comes; raises Endless."""
    text, before, until = caller.reply(whole=False).text, 0, caller.due
    first = last = part = time.monotonic()
    longest = 0.0
    while (
        not caller.framed and last < until and len(text) <= ENDLESS and caller.hears(caller.quiet)
    ):
        now = time.monotonic()
        if more := caller.heard():
            if now - last > QUIET:
                before, part = len(text.encode()), now
                longest = max(longest, now - last)
            text += more
            last = now
    if len(text) > (LONG if last >= until else ENDLESS):
        raise Endless(f"a reply that does not end: {len(text):,} bytes so far")
    if last >= until:
        return Heard(first - began, first - began, 0, 0, text, goes_on=True)
    return Heard(first - began, part - began, before, longest, text)


def enough(heard: Sequence[Heard]) -> int:
    """Return how many bytes are more than an acknowledgement.

    If the machine is busy, an answer now and then arrives together with its acknowledgement. So if
    all answers have the same length, the usual acknowledgement counts, otherwise the shortest.
    """
    before = [one.before for one in heard] or [0]
    alike = len({len(one.text.encode()) for one in heard}) == 1
    return (statistics.median_low(before) if alike else min(before)) + 1


def heard_by_each(speakers: Sequence[Caller], least: int) -> tuple[Answers, Mapping[Caller, str]]:
    """Return what each hears until it has heard `least` bytes, the least that an answer has."""
    seconds: list[float] = []
    texts = dict.fromkeys(speakers, "")
    missing = dict.fromkeys(speakers, least)
    with DefaultSelector() as waiting:
        for caller in speakers:
            waiting.register(caller, EVENT_READ, caller)
        while missing:
            first = next(iter(missing))  # it has waited longest
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
    """Measure how far the server is with all the messages: the last client hears all answers.

    No client can tell its own answer from what others have caused. So this counts no
    answers, but the bytes of all of them together; a reply has `reply` bytes.
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
    """Return for each reply when enough bytes had come for it and all before it."""
    seconds: list[float] = []
    for at, total in parts:
        answered = min(many, int(total / reply + ROUNDING))
        seconds += [at] * (answered - len(seconds))
    return seconds
