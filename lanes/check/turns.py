"""Whether clients that speak at once are served at once, or take turns: by how long that takes."""

import time
from collections.abc import Sequence
from itertools import pairwise

from lanes.check.caller import Caller
from lanes.check.claim import duration
from lanes.check.failure import Failed, HungUp
from lanes.check.rounds import Rounds
from lanes.check.symptoms import SHARED

# Seconds: answers that come sooner do not tell turns from threads that compute, and that Python
# lets go on for 5 ms at a time.
TELLING = 0.05
TELLING_OF_MANY = 0.02  # the first of 50 would wait for 50 turns of 5 ms if threads computed
MANY = 50
TRIES = 2  # turns have to be seen as often
HINT = (
    "the messages are worked on one at a time: a lock held while the server works on a message, "
    "or one thread that does everybody's work (an event loop whose handler blocks). Hold the lock "
    "only while something shared is used, and let each client's own thread do its work"
)


def at_once(rounds: Rounds, speakers: Sequence[Caller], alone: float) -> str:
    """Have these speak at once; the evidence that they are served so. Raises Failed if not.

    `alone` is how long one of them waits that speaks alone.
    """
    many = len(speakers)
    for _ in range(TRIES):
        began = time.monotonic()
        seconds, late = rounds.together(speakers)
        if late:
            rounds.speaking = late.caller
            if isinstance(late.failure, HungUp):
                raise late.failure
            if not _began_with_one(alone, seconds):
                is_over = _is_over(seconds, many, time.monotonic() - began)
                raise Failed(str(late.failure), SHARED if is_over else "")
            evidence = (
                f"of {many} that spoke at once {len(seconds)} were answered, and then one got "
                f"{late.failure}; alone, one was answered after {duration(alone)}"
            )
            raise Failed(evidence, HINT)
        evidence = (
            f"one alone was answered after {duration(alone)}, "
            f"{many} at once within {duration(seconds[-1])}"
        )
        if not take_turns(alone, seconds):
            return evidence
        alone = rounds.alone(speakers[-1])
    raise Failed(evidence, HINT)


def take_turns(alone: float, seconds: Sequence[float]) -> bool:
    """Whether the first waited about as long as alone, and most others for the one before them.

    Threads that share a processor are slow as well, but then all of them are, also the first. And
    where a busy machine stands still, some are late, but together.
    """
    gaps = [later - sooner for sooner, later in pairwise(seconds)]
    waited = sum(gap > alone / 2 for gap in gaps)
    is_slow = seconds[-1] > alone * (1 + len(gaps) / 2)
    return _began_with_one(alone, seconds) and is_slow and waited > len(gaps) / 2


def _is_over(seconds: Sequence[float], many: int, waited: float) -> bool:
    """Whether most were answered, and then for long nobody: it is not for lack of time."""
    return len(seconds) > many / 2 and seconds[-1] < waited / 2


def _began_with_one(alone: float, seconds: Sequence[float]) -> bool:
    telling = TELLING if len(seconds) < MANY else TELLING_OF_MANY
    return alone >= telling and bool(seconds) and seconds[0] < 2 * alone
