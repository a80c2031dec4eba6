"""docs/performance.json: by chapter, row and contender, a value for each round.

A figure is the median of its rounds. A ratio is taken round by round, since what was measured
within seconds of each other can be compared on a machine that is shared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bench.load import Sample
from bench.rounds import middle, ratios

Figures = dict[str, Any]  # as JSON has them
Measured = Mapping[str, list[Sample]]  # by contender


class NotMeasuredError(LookupError):
    """The figures have no such chapter yet, or the chapter no such part."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, the lowest and the highest."""

    middle: float
    least: float
    most: float


def sampled(figures: Figures) -> Figures:
    """The same figures, with a Sample wherever JSON has what one is made of."""
    return {name: _with_samples(value) for name, value in figures.items()}


def _with_samples(value: object) -> object:
    if isinstance(value, dict):
        return Sample(**value) if "answers" in value else sampled(value)
    return [_with_samples(one) for one in value] if isinstance(value, list) else value


def at(figures: Figures, *path: str) -> Any:  # noqa: ANN401 - a chapter has the shape it has
    """What a chapter has in this place; raises NotMeasuredError with the chapter's name."""
    found: Any = figures
    for name in path:
        if name not in found:
            raise NotMeasuredError(path[0])
        found = found[name]
    return found


def spread(figures: Sequence[float]) -> Spread:
    """Of what the rounds gave."""
    return Spread(middle(figures), min(figures), max(figures))


def compared(mine: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """The ratios, round by round; None where a round has nothing to compare with."""
    return spread(ratios(mine, theirs)) if all(theirs) else None


def median(found: Sequence[float]) -> float | None:
    """None where there is nothing to take it of."""
    return middle(found) if found else None


def rates(samples: Iterable[Sample]) -> list[float]:
    """Messages, or visits, a second."""
    return [sample.rate for sample in samples]


def latencies(samples: Iterable[Sample], name: str) -> list[float]:
    """In milliseconds, of the rounds in which any client was answered."""
    return [attrgetter(name)(sample) / 1000 for sample in samples if sample.slowest]


def of_each(samples: Iterable[Sample], name: str) -> list[float]:
    """What each round has by this name, without those in which no client was answered."""
    return [attrgetter(name)(sample) for sample in samples if sample.answers]


def load_share(samples: Iterable[Sample]) -> float:
    """The part of a core that the load itself used."""
    return middle([sample.load_time / sample.seconds for sample in samples])
