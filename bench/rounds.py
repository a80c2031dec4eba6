"""Measures contenders in turn, A B C A B C ..., each time in a new process.

A shared machine can be slower by half for minutes. Figures that were measured within seconds of
each other can still be compared, so ratios are taken round by round.
"""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from bench.contenders import Contender, Running, running
from bench.load import Sample, load
from bench.machine import two_cores

Measured = TypeVar("Measured")
Samples = dict[str, list[Sample]]  # by contender, one for each round


@dataclass(frozen=True, slots=True)
class Row:
    """A kind of load."""

    name: str
    words: tuple[str, ...]


ROWS = (
    Row("3", ("--clients", "3")),
    Row("50", ("--clients", "50")),
    Row("500", ("--clients", "500", "--warm-up", "0.5")),
    Row("2,000", ("--clients", "2000", "--warm-up", "1")),
    Row("50 x 16", ("--clients", "50", "--outstanding", "16")),
)
VISITS = Row("visits", ("--clients", "16", "--visits"))


def in_turn(
    title: str, measures: Mapping[str, Callable[[], Measured]], rounds: int
) -> dict[str, list[Measured]]:
    """Return each one's measurements, one per round; each round begins with the next name."""
    measured: dict[str, list[Measured]] = {name: [] for name in measures}
    names = list(measures)
    for number in track(range(rounds), title, console=Console(stderr=True), transient=True):
        start = number % len(names)
        for name in (*names[start:], *names[:start]):
            measured[name].append(measures[name]())
    return measured


def under_load(
    row: Row,
    contenders: Sequence[Contender],
    rounds: int,
    *,
    pinned: bool,
    words: tuple[str, ...] = (),
) -> Samples:
    """Measure each under the same load; if `pinned`, server and load each have their own core."""
    ours, its = two_cores() if pinned else (None, None)
    return once_running(
        f"{row.name} clients",
        contenders,
        rounds,
        lambda server: load(server, (*row.words, *words), its),
        core=ours,
    )


def once_running(
    title: str,
    contenders: Sequence[Contender],
    rounds: int,
    measure: Callable[[Running], Measured],
    *,
    core: int | None,
) -> dict[str, list[Measured]]:
    """Start each contender, on this core or on any, and measure it while it serves."""

    def started(contender: Contender) -> Measured:
        with running(contender, core) as server:
            return measure(server)

    return in_turn(title, {one.name: partial(started, one) for one in contenders}, rounds)


def ratios(ours: Iterable[float], theirs: Iterable[float]) -> list[float]:
    """Return our figure over theirs for each round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def middle(figures: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(figures)
