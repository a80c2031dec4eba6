"""Count how many certain claims of `lanes watch` are right: `python -m tests.watch.count N`."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle
from time import monotonic
from typing import NamedTuple

from tests.kit.waiting import wait_until
from tests.watch.talker import Answer
from tests.watch.truth import SERVERS, Fact, Target, running, truths
from tests.watch.witness import Drawn, Witness, witness

CLIENTS = 5
WORK = 60  # milliseconds
LOOKS = 3  # at least, at each moment
SECOND = 1.0  # within which each idle client's thread must be known
PATIENCE = 20  # looks that it may take, if a busy machine manages fewer in a second
INSTALLED = [name for name, kind in SERVERS.items() if kind.is_installed]


class Course(NamedTuple):
    """How the drawn claims compare with the truth: one claim for each client and moment."""

    verdicts: Counter[str]  # right, wrong, not claimed
    late: list[str]  # idle clients whose thread was still unknown after a second
    wrong: list[str]  # what was drawn, and what was true
    kinds: list[str]  # the kind of server that was drawn at each moment


def course(target: Target, rounds: int, seed: int = 0) -> Course:
    """Let clients come, talk and leave; compare what is drawn with the truth."""
    found = Course(Counter(), [], [], [])
    kind = target.kind
    with witness(target.pid, target.port) as watcher:
        for facts in truths(target, CLIENTS, rounds, seed=seed, work_ms=WORK):
            if not found.kinds and (kind.holds or kind.shares):
                wait_until(lambda: watcher.drawn and kind.shape in watcher.drawn[-1].kind)
            looks, late = _looks(watcher, target, facts)
            found.late.extend(late)
            found.kinds.append(looks[-1].kind)
            for client, fact in facts.items():
                if fact.how == "holds":  # otherwise another thread may wait for an idle client
                    _judge(found, client, fact.tid, looks)
    for answer in target.told:
        if answer.work and not kind.holds:
            looks = [one for one in watcher.drawn if _is_busy(answer, one)]
            if looks:
                _judge(found, answer.client, answer.tid, looks)
    return found


def _looks(
    watcher: Witness, target: Target, facts: dict[str, Fact]
) -> tuple[list[Drawn], list[str]]:
    """Look until each idle client's thread is known; return the looks and any unknown clients."""
    now = monotonic()
    idle = {client: fact.tid for client, fact in facts.items() if not fact.busy}
    looks: list[Drawn] = []

    def unknown() -> list[str]:
        return [client for client, tid in idle.items() if looks[-1].certain.get(client) != tid]

    def is_enough() -> bool:
        looks[:] = watcher.since(now)
        if len(looks) < LOOKS:
            return False
        over = monotonic() - now > SECOND and len(looks) >= PATIENCE
        return over or not target.kind.idle or not unknown()

    wait_until(is_enough)
    return looks, unknown() if target.kind.idle else []


def _is_busy(answer: Answer, look: Drawn) -> bool:
    """Whether the thread that answered was at work throughout the look."""
    return answer.answered - answer.work < look.began and look.ended < answer.said + answer.work


def _judge(found: Course, client: str, tid: int, looks: list[Drawn]) -> None:
    claimed = {look.certain[client] for look in looks if client in look.certain}
    verdict = "not claimed" if not claimed else "right" if claimed == {tid} else "wrong"
    found.verdicts[verdict] += 1
    if verdict == "wrong":
        found.wrong.append(f"{client}: {claimed} drawn, {tid} is so")


def courses() -> Iterator[tuple[str, Course]]:
    """Run each server, again and again."""
    for seed, names in zip(count(), cycle([INSTALLED]), strict=False):
        for name in names:
            with running(name) as target:
                yield name, course(target, rounds=20, seed=seed)


def main() -> None:
    wanted, verdicts = int(sys.argv[1]), {name: Counter[str]() for name in INSTALLED}
    for name, found in courses():
        verdicts[name] += found.verdicts
        for what in (*found.wrong, *(f"{client} late" for client in found.late)):
            sys.stderr.write(f"{name}: {what}\n")
        certain = sum(each["right"] + each["wrong"] for each in verdicts.values())
        if certain >= wanted and name == INSTALLED[-1]:
            break
    columns = "right", "wrong", "not claimed"
    verdicts["all"] = sum(verdicts.values(), Counter[str]())
    rows = [["server", *columns]]
    rows += [[name, *(f"{each[one]:,}" for one in columns)] for name, each in verdicts.items()]
    for name, *figures in rows:
        sys.stdout.write(f"{name:32}{''.join(f'{figure:>14}' for figure in figures)}\n")


if __name__ == "__main__":
    main()
