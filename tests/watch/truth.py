"""The ground truth for `lanes watch`: which thread serves which client, as the server reports."""

import random
from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Literal, NamedTuple

from tests.kit.waiting import SECONDS
from tests.watch.talker import Answer, Talker
from tests.watch.target import SERVERS, Kind, Target, running

__all__ = ["SERVERS", "Answer", "Fact", "Kind", "Talker", "Target", "running", "truths"]

WORK = 20  # milliseconds that a message takes


class Fact(NamedTuple):
    """A client's thread: it holds the client until the client leaves, or only served it last."""

    pid: int
    tid: int
    how: Literal["holds", "served_last"]
    busy: bool  # a message of the client is being worked on


class Crowd:
    """A server's current clients, in the order in which they came."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._served_by: dict[Talker, tuple[int, int] | None] = {}  # None before the first answer
        self._unanswered: list[Talker] = []

    @property
    def served(self) -> list[Talker]:
        """The clients that have been answered."""
        return [talker for talker, ids in self._served_by.items() if ids]

    def come(self) -> None:
        talker = self._target.talk()
        self._served_by[talker] = None
        self.say(talker)

    def say(self, talker: Talker, work_ms: int = 0) -> None:
        self._unanswered.append(talker)
        talker.say(work_ms)

    def leave(self, talker: Talker) -> None:
        del self._served_by[talker]
        talker.close()

    def settle(self) -> None:
        """Wait for all answers, except to clients that get no thread until another leaves."""
        there = len(self._served_by)
        in_vain = max(0, there - (self._target.kind.at_once or there))
        while len(self._unanswered) > in_vain:
            ready = wait([one.fileno() for one in self._unanswered], SECONDS)
            assert ready, f"{len(self._unanswered)} are not answered, {in_vain} should not be"
            for talker in [one for one in self._unanswered if one.fileno() in ready]:
                self._unanswered.remove(talker)
                self._served_by[talker] = talker.answer()

    def facts(self) -> dict[str, Fact]:
        """What is true now. While a thread works on a message, it counts only if it holds."""
        holds, busy = self._target.kind.holds, set(self._unanswered)
        return {
            talker.address: Fact(*ids, "holds" if holds else "served_last", talker in busy)
            for talker, ids in self._served_by.items()
            if ids and talker.goes_on and (holds or talker not in busy)
        }

    def close(self) -> None:
        for talker in self._served_by:
            talker.close()


def truths(
    target: Target, clients: int, rounds: int, *, seed: int = 0, work_ms: int = WORK
) -> Iterator[dict[str, Fact]]:
    """Yield the facts of N clients, by address, at moments of their conversations.

    In each round some talk at the same time, then one leaves and another comes. The facts stay
    true until you ask for the next, except that a busy thread may become idle.
    """
    chance = random.Random(seed)  # noqa: S311 - the same course for the same seed
    crowd = Crowd(target)
    try:
        for _ in range(clients):
            crowd.come()
        crowd.settle()
        yield crowd.facts()
        for _ in range(rounds):
            there = crowd.served
            for talker in chance.sample(there, chance.randint(1, len(there))):
                crowd.say(talker, work_ms)
            yield crowd.facts()
            crowd.settle()
            yield crowd.facts()
            crowd.leave(chance.choice(there))
            crowd.come()
            crowd.settle()
            yield crowd.facts()
    finally:
        crowd.close()
