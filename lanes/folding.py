"""Folds many lanes of short visits in a row into one, as of a `check` or a benchmark."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from lanes.picture import Bar, Lane

VISITS = 10  # in a row; fewer stay as they are


def folded(lanes: Iterable[Lane]) -> Iterator[Lane]:
    """Yield the lanes, but only one for each run of lanes that have nothing but short visits."""
    for is_short, run in groupby(lanes, _has_visits_alone):
        alike = list(run)
        if is_short and len(alike) >= VISITS:
            yield _fold(alike)
        else:
            yield from alike


def _has_visits_alone(lane: Lane) -> bool:
    return all(bar.session.is_visit for bar in lane.bars)


def _fold(lanes: Sequence[Lane]) -> Lane:
    bars = sorted((bar for lane in lanes for bar in lane.bars), key=lambda bar: bar.start)
    name = f"{lanes[0].thread} \N{HORIZONTAL ELLIPSIS} {lanes[-1].thread.rpartition('/')[2]}"
    return Lane(name, None, tuple(_apart(bars)), folded=len(lanes))


def _apart(bars: Sequence[Bar]) -> Iterator[Bar]:
    """Cut each bar off where the next begins, because they share a row."""
    for bar, following in pairwise(bars):
        end = min(bar.end, following.start)
        yield replace(bar, turn=min(bar.turn, end), end=end)
    yield from bars[-1:]
