"""The chapters of the benchmark: each is a function that measures."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bench import compose, parts, starting, tls, viewers, watching
from bench.before import BEFORE, FOLDER, ROOT
from bench.contenders import (
    C_THREADS,
    CACHED,
    PEERS,
    POOL,
    THREAD,
    THREAD_BEFORE,
    Contender,
    Running,
    models,
    ours,
    peer,
)
from bench.figures import Figures
from bench.load import Sample, load
from bench.machine import (
    free_threaded_python,
    other_pythons,
    python_version,
    two_cores,
    with_the_gil,
)
from bench.rounds import ROWS, VISITS, Row, in_turn, once_running, under_load
from bench.sizes import healthy_time, idle_memory, start_time

ARENAS = "thread, MALLOC_ARENA_MAX not set"
CROWDED = (100, 1000)  # threads or processes at the same time
LEVELS = ("warning", "info")
WORKS = ("sleep:5", "spin:5")
WHERE = {"one core": True, "all cores": False}  # whether the server is pinned
AT_WORK = Row("8 at work", ("--clients", "8", "--visits", "--warm-up", "0.2"))
SPINNING = Row("8", ("--clients", "8"))


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds to measure, and how many seconds each run takes."""

    rounds: int
    seconds: float

    @property
    def words(self) -> tuple[str, ...]:
        """Options for the load."""
        return ("--seconds", str(self.seconds))


def speed(effort: Effort, *, pinned: bool) -> Figures:
    """Messages a second of each contender, for each row."""
    return _rows((THREAD, THREAD_BEFORE, *PEERS), effort, pinned=pinned)


def visits(effort: Effort) -> Figures:
    """Connections a second; each carries one message."""
    contenders = (THREAD, *CACHED, POOL, THREAD_BEFORE, *PEERS)
    return {
        where: _loaded(VISITS, contenders, effort, pinned=pinned) for where, pinned in WHERE.items()
    }


def levels(effort: Effort) -> Figures:
    """What the log costs, now and in the build before."""
    contenders = [
        ours(f"{of}{level}", "--log-level", level, checkout=checkout)
        for of, checkout in {"": ROOT, f"{BEFORE}, ": FOLDER}.items()
        for level in LEVELS
    ]
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
    """What one viewer of the live page costs the conversations, after 1,000 closed sessions."""
    return {
        str(clients): {
            looks: [asdict(turn) for turn in turns]
            for looks, turns in viewers.measure(clients, 4 * effort.rounds, effort.seconds).items()
        }
        for clients in (8, 200)
    }


def memory(effort: Effort) -> Figures:
    """KiB for each idle client."""
    return _memory((THREAD, ours(ARENAS, environment=()), THREAD_BEFORE, *PEERS), effort)


def start(effort: Effort) -> Figures:
    """Milliseconds until the first greeting; for our server, also until it is healthy."""
    greeted = {one.name: partial(start_time, one) for one in (THREAD, THREAD_BEFORE, *PEERS)}
    return in_turn("start", greeted | {"healthy": partial(healthy_time, THREAD)}, effort.rounds)


def composed(effort: Effort) -> Figures:
    """Seconds that `docker compose up --scale client=50` takes, now and in the build before."""
    return {"50": compose.measure({"thread": ROOT, BEFORE: FOLDER}, 50, effort.rounds)}


def clients_of_ones_own(effort: Effort) -> Figures:
    """Cost of a thread, a forked and a spawned process; 1,000 spawned ones take 9 GiB."""
    return {str(count): _started(count, effort, sys.executable) for count in CROWDED}


def work(effort: Effort) -> Figures:
    """What work for each message does to each model, on one core and on all."""
    return {
        where: {doing: _loaded(AT_WORK, working(doing), effort, pinned=pinned) for doing in WORKS}
        for where, pinned in WHERE.items()
    }


def working(doing: str, python: str = sys.executable) -> list[Contender]:
    """Return each of our models, free to use all cores, and an event loop that does the same."""
    each = [
        ours(one, "--model", one, "--cpus", "all", "--work", doing, python=python)
        for one in models()
    ]
    return [*each, peer("asyncio", "asyncio_protocol", python=python, work=doing)]


def pythons(effort: Effort) -> Figures:
    """The rows with the CPythons of BENCH_PYTHONS, and with this one."""
    others = [ours(python_version(python), python=python) for python in other_pythons()]
    return _rows((THREAD, *others), effort, pinned=False)


def free_threaded(effort: Effort) -> Figures:
    """The rows and the work without a GIL (BENCH_PYTHON), with the GIL, and in C."""
    free = free_threaded_python()
    usual = with_the_gil(free)
    both = {"thread": usual, "thread, no GIL": free}
    contenders = [
        *(ours(name, python=python) for name, python in both.items()),
        C_THREADS,
        peer("asyncio Protocol", "asyncio_protocol", python=usual),
        peer("asyncio Protocol, no GIL", "asyncio_protocol", python=free),
    ]
    spinning = [ours(name, "--work", "spin:1", python=python) for name, python in both.items()]
    return {
        "without the GIL": python_version(free),
        "with the GIL": python_version(usual),
        "rows": {
            where: _rows(contenders, effort, pinned=pinned) for where, pinned in WHERE.items()
        },
        "spin": {SPINNING.name: _loaded(SPINNING, spinning, effort, pinned=False)},
        "work": {
            where: {
                doing: _loaded(AT_WORK, working(doing, free), effort, pinned=pinned)
                for doing in WORKS
            }
            for where, pinned in WHERE.items()
        },
        "memory": _memory(contenders, effort),
        "starting": _started(CROWDED[0], effort, free),
    }


def _rows(contenders: Sequence[Contender], effort: Effort, *, pinned: bool) -> Figures:
    return {row.name: _loaded(row, contenders, effort, pinned=pinned) for row in ROWS}


def _loaded(row: Row, contenders: Sequence[Contender], effort: Effort, *, pinned: bool) -> Figures:
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
    """Convert each round's measurement to what JSON can store."""
    return {name: [plain(one) for one in rounds] for name, rounds in measured.items()}


CHAPTERS: Mapping[str, Callable[[Effort], Figures]] = {
    "pinned": partial(speed, pinned=True),
    "unpinned": partial(speed, pinned=False),
    "visits": visits,
    "parts": lambda effort: parts.measure(effort.rounds),
    "levels": levels,
    "viewers": viewed,
    "watching": lambda effort: watching.measure(effort.rounds, 5 * effort.seconds),
    "tls": lambda effort: tls.measure(effort.rounds, effort.seconds),
    "memory": memory,
    "start": start,
    "compose": composed,
    "starting": clients_of_ones_own,
    "work": work,
    "pythons": pythons,
    "free-threaded": free_threaded,
}
