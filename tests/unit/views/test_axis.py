"""The time under the lanes."""

from collections.abc import Iterable

import pytest

from server.views.axis import draw_axis
from server.views.layout import picture_of
from server.views.strokes import Columns
from tests.kit.snapshots import snapshot


def axis(*, seconds: float = 5, cells: int = 50, refusals: Iterable[float] = ()) -> list[str]:
    """Its two lines, from ten columns before the lanes to four behind them."""
    taken = snapshot(at=100_000, refusals=[100_000 - before for before in refusals])
    lines = draw_axis(Columns(picture_of(taken, seconds), 10, 10 + cells), 10 + cells + 4)
    return [line.plain.replace("\N{MINUS SIGN}", "-") for line in lines]


@pytest.mark.parametrize(
    ("seconds", "cells", "labels"),
    [
        (5, 50, [5, 4, 3, 2, 1]),
        (5, 25, [4, 2]),
        (60, 50, [60, 50, 40, 30, 20, 10]),
        (60, 180, range(60, 0, -5)),
        (1, 30, [1]),
        (2.5, 30, [2, 1]),
        (86_400, 30, [86_400, 43_200]),
    ],
)
def test_it_has_as_many_seconds_as_there_is_room_for(
    seconds: float, cells: int, labels: Iterable[int]
) -> None:
    marks, shown = axis(seconds=seconds, cells=cells)
    assert shown.replace(" s", "").split() == [*(f"-{back}" for back in labels), "now"]
    assert marks.count("┴") == len(shown.replace(" s", "").split())


def test_refusals_stand_at_their_moment_with_their_count() -> None:
    marks, _ = axis(refusals=[3, 3, 2, 1.7, 1.4])
    assert marks.strip() == "┴─────────┴─────────▲2────────▲1─▲1─▲1──┴────────┴"


def test_refusals_that_would_stand_upon_each_other_are_counted_together() -> None:
    marks, _ = axis(seconds=60, refusals=[40, 39, 38, 37, 1, 0])
    assert marks.strip() == "┴───────┴────────▲3▲1────┴───────┴────────┴──────▲2"


def test_a_wide_count_has_its_room_and_is_not_cut_where_the_lanes_end() -> None:
    twelve = [n / 4 for n in range(12, 0, -1)]
    marks, _ = axis(seconds=600, refusals=[*(400 + n for n in twelve), 385, 364, *twelve])
    assert marks.strip() == "┴─────────┴─────▲13─▲1────────┴─────────┴────────▲12"
