"""What there is to measure: each chapter is a function, all of them are the benchmark."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bench import parts, starting, viewers, watching
from bench.compose import compose_time
from bench.contenders import PEERS, POOL, THREAD, Contender, Running, limit, ours, peer
from bench.load import Sample, load
from bench.machine import free_threaded_python, python_version, two_cores
from bench.rounds import ROWS, VISITS, Row, in_turn, once_running, under_load
from bench.sizes import healthy_time, idle_memory, start_time

Figures = dict[str, Any]  # as JSON has them: by row, by contender, a value for each round
ARENAS = "thread, MALLOC_ARENA_MAX not set"
CROWDED = (100, 1000)  # threads, or processes, at the same time
LEVELS = ("warning", "error", "info", "debug")
WORKS = ("sleep:5", "spin:5")
MODELS = ("thread", "pool", "lock")
WHERE = {"one core": True, "all cores": False}  # whether the server is pinned
AT_WORK = Row("8 at work", ("--clients", "8", "--visits", "--warm-up", "0.2"))


@dataclass(frozen=True, slots=True)
class Effort:
    """How often each is measured, and for how many seconds."""

    rounds: int
    seconds: float

    @property
    def words(self) -> tuple[str, ...]:
        """For the load."""
        return ("--seconds", str(self.seconds))


def speed(effort: Effort, *, pinned: bool) -> Figures:
    """Messages a second of everybody, for each row."""
    return {row.name: _loaded(row, (THREAD, *PEERS), effort, pinned=pinned) for row in ROWS}


def visits(effort: Effort) -> Figures:
    """Connections a second: each says one message."""
    return {
        where: _loaded(VISITS, (THREAD, POOL, *PEERS), effort, pinned=pinned)
        for where, pinned in WHERE.items()
    }


def levels(effort: Effort) -> Figures:
    """What the log costs at each level."""
    contenders = [ours(level, "--log-level", level) for level in LEVELS]
    core, other = two_cores()

    def measure(row: Row, server: Running) -> tuple[Sample, float]:
        sample = load(server, (*row.words, *effort.words), other)
        return sample, server.dropped()

    measured = {
        row.name: once_running(
            row.name, contenders, effort.rounds, partial(measure, row), core=core
        )
        for row in ROWS
    }
    return {
        "rows": {
            row: _by_name(levels, lambda one: asdict(one[0])) for row, levels in measured.items()
        },
        "dropped": {row: _by_name(levels, lambda one: one[1]) for row, levels in measured.items()},
    }


def viewed(effort: Effort) -> Figures:
    """What one who has the live page open costs the conversations, over 1,000 sessions before."""
    return {
        str(clients): {
            looks: [asdict(turn) for turn in turns]
            for looks, turns in viewers.measure(clients, 4 * effort.rounds, effort.seconds).items()
        }
        for clients in (8, 200)
    }


def memory(effort: Effort) -> Figures:
    """KiB for each idle client."""
    return _memory((THREAD, ours(ARENAS, environment=()), *PEERS), effort)


def start(effort: Effort) -> Figures:
    """Milliseconds until the first greeting, and ours until it is healthy."""
    greeted = {one.name: partial(start_time, one) for one in (THREAD, *PEERS)}
    return in_turn("start", greeted | {"healthy": partial(healthy_time, THREAD)}, effort.rounds)


def composed(effort: Effort) -> Figures:
    """Seconds of `docker compose up --scale client=50`."""
    return {"50": [compose_time(50) for _ in range(effort.rounds)]}


def clients_of_ones_own(effort: Effort) -> Figures:
    """What a thread costs, a forked process, a spawned one; 1,000 of the last have 9 GiB."""
    return {str(count): _started(count, effort, sys.executable) for count in CROWDED}


def work(effort: Effort) -> Figures:
    """What the time that a message takes does to each model, on one core and on all."""
    return {
        where: {doing: _loaded(AT_WORK, working(doing), effort, pinned=pinned) for doing in WORKS}
        for where, pinned in WHERE.items()
    }


def working(doing: str, python: str = sys.executable) -> list[Contender]:
    """Each model of ours, and an event loop that calls the same work."""
    models = [ours(one, "--model", one, "--work", doing, python=python) for one in MODELS]
    return [*models, peer("asyncio", "asyncio_protocol", python=python, work=doing)]


def free_threaded(effort: Effort) -> Figures:
    """The rows and the work under another CPython too: BENCH_PYTHON, one without a GIL."""
    python = free_threaded_python()
    free, free_peer = "thread, no GIL", "asyncio Protocol, no GIL"
    contenders = [
        THREAD,
        ours(free, python=python),
        limit("C threads", "threads"),
        peer("asyncio Protocol", "asyncio_protocol"),
        peer(free_peer, "asyncio_protocol", python=python),
    ]
    return {
        "python": python_version(python),
        "rows": {
            where: {row.name: _loaded(row, contenders, effort, pinned=pinned) for row in ROWS}
            for where, pinned in WHERE.items()
        },
        "work": {
            where: {
                doing: _loaded(AT_WORK, working(doing, python), effort, pinned=pinned)
                for doing in WORKS
            }
            for where, pinned in WHERE.items()
        },
        "memory": _memory(contenders, effort),
        "starting": _started(CROWDED[0], effort, python),
    }


def _loaded(
    row: Row, contenders: Sequence[Contender], effort: Effort, *, pinned: bool = True
) -> Figures:
    samples = under_load(row, contenders, effort.rounds, pinned=pinned, words=effort.words)
    return _by_name(samples, asdict)


def _started(count: int, effort: Effort, python: str) -> Figures:
    kinds: dict[str, Callable[[], Any]] = {
        kind: partial(starting.measure, kind, count, python) for kind in starting.KINDS
    }
    return _by_name(in_turn(f"{count} of them", kinds, effort.rounds), asdict)


def _memory(contenders: Sequence[Contender], effort: Effort) -> Figures:
    core, _ = two_cores()
    return once_running("memory", contenders, effort.rounds, idle_memory, core=core)


def _by_name(measured: Mapping[str, Sequence[Any]], plain: Callable[[Any], object]) -> Figures:
    """What was measured in each round, as JSON has it."""
    return {name: [plain(one) for one in rounds] for name, rounds in measured.items()}


OF_THEIR_OWN = {"watching"}  # chapters that name their machine, and are compared with no other
CHAPTERS: Mapping[str, Callable[[Effort], Figures]] = {
    "pinned": partial(speed, pinned=True),
    "unpinned": partial(speed, pinned=False),
    "visits": visits,
    "parts": lambda effort: parts.measure(effort.rounds),
    "levels": levels,
    "viewers": viewed,
    "watching": lambda effort: watching.measure(effort.rounds, 5 * effort.seconds),
    "memory": memory,
    "start": start,
    "compose": composed,
    "starting": clients_of_ones_own,
    "work": work,
    "free-threaded": free_threaded,
}
