"""Judges by the waits whether clients that speak at once are served at once or take turns."""

import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

from lanes.check.caller import Caller
from lanes.check.claim import duration
from lanes.check.failure import Failed, HungUp, Unseen
from lanes.check.hearing import Late
from lanes.check.rounds import Rounds
from lanes.check.symptoms import SHARED

# Seconds. If answers come sooner, turns look the same as threads that compute, which Python
# switches every 5 ms.
TELLING = 0.05
TELLING_OF_MANY = 0.02  # if threads computed, the first of 50 would wait for 50 turns of 5 ms
MANY = 50
LATE = 0.05  # seconds by which a busy machine may delay the first answer
BUSY = 3  # if the processors are busy, all the work may take this many times as long
FEWER, FEWEST = 0.125, 5  # a share, or a number: if more are worked on at a time, it is just busy
SEEN = 3  # times that turns have to be seen
UNLIKE = 2  # slow rounds that do not look like turns: then the machine is to blame
# Shares of the time that turns take. Two at a time need half of it, with a gap after every other
# answer; three at a time have a gap after every third.
SLOW = 0.3  # the last waits longer than this share of all waits one after the other,
SLOWER = 1.5  # and longer than this many times the wait of one alone
STEP = 0.4  # of the wait of one alone: if a gap is longer, one waits for another;
STEPS = 0.4  # more than this share of all gaps are that long;
FIRST = 0.6  # of the time until the last answer: the first comes before that,
HALF = 0.2  # and half of them only after that
ONE = (
    "the messages are worked on one at a time: a lock held while the server works on a message, "
    "or one thread that does everybody's work (an event loop whose handler blocks). Hold the lock "
    "only while something shared is used, and let each client's own thread do its work"
)
FEW = (
    "about {} messages are worked on at a time: a semaphore, or a pool of that many threads that "
    "does the work. Let each client's own thread do its work"
)


class InTurns(Failed):
    """Clients that speak at once are served one after the other, or a few at a time."""

    def __init__(self, evidence: str, hint: str = ONE) -> None:
        super().__init__(evidence, hint)


def at_once(rounds: Rounds, speakers: Sequence[Caller], alone: float) -> str:
    """Have the speakers speak at once; return the evidence that they are served at once, or raise.

    `alone` is how long one of them waits that speaks alone. Raises Failed or Unseen.
    """
    seen, unlike, work, waits = 0, 0, 0.0, 0.0
    while seen < SEEN:
        seconds = _together(rounds, speakers, alone)
        evidence = (
            f"a single message was answered after {duration(alone)}, "
            f"{len(speakers)} simultaneous messages within {duration(seconds[-1])}"
        )
        if take_turns(alone, seconds):
            seen, work, waits = seen + 1, work + _work(alone, seconds), waits + seconds[-1]
        else:
            unlike += 1
        if unlike == UNLIKE or not _is_slow(alone, seconds):
            return evidence
        with suppress(Failed):  # a machine may have become busy
            alone = max(alone, rounds.alone_again(speakers[-1]))
    raise InTurns(evidence, _hint(work, len(speakers), waits))


def _together(rounds: Rounds, speakers: Sequence[Caller], alone: float) -> Sequence[float]:
    """Return each wait, ascending; raises Failed or Unseen if one is not answered in time."""
    began = time.monotonic()
    seconds, late = rounds.together(speakers, alone)
    if late:
        rounds.speaking = late.caller
        raise _of_late(late, seconds, alone, len(speakers), time.monotonic() - began)
    return seconds


def take_turns(alone: float, seconds: Sequence[float]) -> bool:
    """Whether the first waited about as long as alone, and most others for those before them.

    Threads that share a processor are slow, too, but then all of them are, even the first. If a
    busy machine stalls, some are late, but all at the same time.
    """
    first, half, last = seconds[0], seconds[(len(seconds) - 1) // 2], seconds[-1]
    gaps = [later - sooner for sooner, later in pairwise(seconds)]
    steps = sum(gap > STEP * alone for gap in gaps)
    is_even = first < FIRST * last and half > HALF * last
    is_like_turns = is_even and steps > STEPS * len(gaps)
    return _is_slow(alone, seconds) and _is_first_quick(alone, seconds) and is_like_turns


def _is_slow(alone: float, seconds: Sequence[float]) -> bool:
    """Whether the last waited too long for clients served at once; false if that cannot be told."""
    is_late = seconds[-1] > alone * max(SLOW * len(seconds), SLOWER)
    return is_late and _is_telling(alone, len(seconds))


def _of_late(
    late: Late, seconds: Sequence[float], alone: float, many: int, waited: float
) -> Exception:
    """Return what to raise for a client that was not answered in time, though one alone is."""
    answered = len(seconds)
    if isinstance(late.failure, HungUp):
        return late.failure
    evidence = (
        f"{many} clients sent a message at the same time: {answered} "
        f"{'was' if answered == 1 else 'were'} answered, then one got {late.failure}; "
        f"a client sending alone was answered after {duration(alone)}"
    )
    began_with_one = _is_telling(alone, answered) and _is_first_quick(alone, seconds)
    goes_on = began_with_one and waited - seconds[-1] < 2 * max(alone, LATE)
    if goes_on and answered * alone / waited < max(FEWER * many, FEWEST):
        return InTurns(evidence, _hint(_work(alone, seconds), answered, waited))
    if late.caller.hears(min(max(BUSY * alone * many - waited, waited), BUSY * waited)):
        return Unseen(f"{evidence}. It was answered later: try a longer --timeout")
    is_over = answered > many / 2 and seconds[-1] < waited / 2
    return Failed(str(late.failure), SHARED if is_over else "")


def _work(alone: float, seconds: Sequence[float]) -> float:
    """How many seconds the server works on one message.

    A client that sends alone waits that long, and so does the first in a round. Take the smaller
    figure, since a busy machine can delay either.
    """
    return min(alone, seconds[0])


def _hint(work: float, answered: int, seconds: float) -> str:
    """Return the hint for the number of messages that are worked on at the same time."""
    at_a_time = round(answered * work / seconds)
    return FEW.format(at_a_time) if at_a_time > 1 else ONE


def _is_telling(alone: float, many: int) -> bool:
    return alone >= (TELLING if many < MANY else TELLING_OF_MANY)


def _is_first_quick(alone: float, seconds: Sequence[float]) -> bool:
    return bool(seconds) and seconds[0] < alone + max(alone, LATE)
