"""Measures contenders in turn, A B C A B C ..., each time in a new process.

A shared machine is slower by half for minutes at times. What is measured within seconds of each
other can be compared all the same: so figures are ratios, taken round by round.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from bench.contenders import CORES, Contender, Running, running
from bench.load import Sample, load

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
    name: str,
    contenders: Sequence[Contender],
    rounds: int,
    measure: Callable[[Contender], Measured],
) -> dict[str, list[Measured]]:
    """What was measured of each, so many times; the round begins with another one each time."""
    measured: dict[str, list[Measured]] = {one.name: [] for one in contenders}
    for number in track(range(rounds), name, console=Console(stderr=True), transient=True):
        start = number % len(contenders)
        for one in (*contenders[start:], *contenders[:start]):
            measured[one.name].append(measure(one))
    return measured


def under_load(
    row: Row,
    contenders: Sequence[Contender],
    rounds: int,
    *,
    pinned: bool,
    words: tuple[str, ...] = (),
) -> Samples:
    """Each under the same load, the server and the load on a core of their own, or on any."""
    ours, its = CORES if pinned else (None, None)

    def measure(contender: Contender) -> Sample:
        with running(contender, ours) as server:
            return load(server, (*row.words, *words), its)

    return in_turn(f"{row.name} clients", contenders, rounds, measure)


def once_running(
    name: str,
    contenders: Sequence[Contender],
    rounds: int,
    measure: Callable[[Running], float],
) -> dict[str, list[float]]:
    """A figure of each, once it serves on a core of its own."""

    def started(contender: Contender) -> float:
        with running(contender, CORES[0]) as server:
            return measure(server)

    return in_turn(name, contenders, rounds, started)


def ratios(ours: Iterable[float], theirs: Iterable[float]) -> list[float]:
    """Round by round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def middle(figures: Sequence[float]) -> float:
    """The median."""
    return statistics.median(figures)
