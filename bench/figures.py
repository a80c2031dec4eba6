"""docs/performance.json: by chapter, row and contender, a value for each round.

A figure is the median of its rounds. A ratio is taken round by round: even on a shared machine,
figures that were measured within seconds of each other can be compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bench.load import Sample
from bench.rounds import middle, ratios

Figures = dict[str, Any]  # as in the JSON file
Measured = Mapping[str, list[Sample]]  # by contender


class NotMeasuredError(LookupError):
    """The figures lack this chapter, or the chapter lacks this part."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, the lowest and the highest of the rounds."""

    middle: float
    least: float
    most: float


def sampled(figures: Figures) -> Figures:
    """Return the figures with each sample's JSON object replaced by a Sample."""
    return {name: _with_samples(value) for name, value in figures.items()}


def _with_samples(value: object) -> object:
    if isinstance(value, dict):
        return Sample(**value) if "answers" in value else sampled(value)
    return [_with_samples(one) for one in value] if isinstance(value, list) else value


def at(figures: Figures, *path: str) -> Any:  # noqa: ANN401 - each chapter has its own shape
    """Return what is at this path; raises NotMeasuredError with the chapter's name."""
    found: Any = figures
    for name in path:
        if name not in found:
            raise NotMeasuredError(path[0])
        found = found[name]
    return found


def spread(figures: Sequence[float]) -> Spread:
    """Return the spread of the rounds' figures."""
    return Spread(middle(figures), min(figures), max(figures))


def compared(mine: Sequence[float], theirs: Sequence[float]) -> Spread | None:
    """Return the spread of the ratios, taken round by round; None if one of theirs is 0."""
    return spread(ratios(mine, theirs)) if all(theirs) else None


def median(found: Sequence[float]) -> float | None:
    """Return the median, or None if there are no figures."""
    return middle(found) if found else None


def rates(samples: Iterable[Sample]) -> list[float]:
    """Return messages, or visits, a second."""
    return [sample.rate for sample in samples]


def latencies(samples: Iterable[Sample], name: str) -> list[float]:
    """Return latencies in milliseconds, of the rounds in which a client was answered."""
    return [attrgetter(name)(sample) / 1000 for sample in samples if sample.slowest]


def of_each(samples: Iterable[Sample], name: str) -> list[float]:
    """Return this field of each round, without the rounds in which no client was answered."""
    return [attrgetter(name)(sample) for sample in samples if sample.answers]


def load_share(samples: Iterable[Sample]) -> float:
    """Return the share of a core that the load itself used (the median)."""
    return middle([sample.load_time / sample.seconds for sample in samples])
