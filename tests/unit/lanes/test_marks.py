"""The text on and around the lanes, the same for every renderer."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes import marks
from lanes.layout import picture_of
from lanes.picture import Picture
from lanes.terminal.strokes import Columns, draw_axis
from tests.kit.documents import snapshot
from tests.kit.snapshots import EPOCH

MINUS = "\N{MINUS SIGN}"


def window(seconds: float, *refusals: float) -> Picture:
    """A window that ends 100,000 seconds after EPOCH; refusals are in seconds before its end."""
    taken = snapshot(at=100_000, refusals=[100_000 - before for before in refusals])
    return picture_of(taken, seconds)


@pytest.mark.parametrize(
    ("seconds", "length", "labels"),
    [
        (5, 50, [1, 2, 3, 4, 5]),
        (5, 25, [2, 4]),
        (60, 50, [10, 20, 30, 40, 50, 60]),
        (60, 180, range(5, 61, 5)),
        (1, 50, [0.2, 0.4, 0.6, 0.8, 1]),
        (2.5, 30, [1, 2]),
        (86_400, 30, [43_200, 86_400]),
        (60, 3, []),
    ],
)
def test_an_axis_has_the_labels_that_fit(seconds: float, length: int, labels: list[float]) -> None:
    axis = marks.axis(window(seconds), length, lambda label: len(label) + 2)
    assert [label for _, label in axis] == ["now", *(f"{MINUS}{back:g} s" for back in labels)]
    moments = [EPOCH + 100_000 - back for back in (0, *labels)]
    assert [at for at, _ in axis] == pytest.approx(moments)


@given(st.floats(1, 86_400), st.floats(1, 2_000))
def test_no_two_labels_of_an_axis_are_closer_than_allowed(seconds: float, length: float) -> None:
    axis = marks.axis(window(seconds), length, lambda label: 9.0 * len(label))
    for (at, label), (before, other) in pairwise(axis):
        room = 9 * max(len(label), len(other))
        assert (at - before) / seconds * length >= room - 0.01


def test_a_terminal_marks_refusals_on_the_axis_with_their_counts() -> None:
    def axis(seconds: float, *refusals: float) -> str:
        lines = draw_axis(Columns(window(seconds, *refusals), 10, 60), 64)
        return next(lines).plain.strip()

    assert axis(5, 3, 3, 2, 1.7, 1.4) == "┴─────────┴─────────▲2────────▲1─▲1─▲1──┴────────┴"
    assert axis(60, 40, 39, 38, 37, 1, 0) == "┴───────┴────────▲3▲1────┴───────┴────────┴──────▲2"
    many = [n / 4 for n in range(12, 0, -1)]
    wide = axis(600, *(400 + n for n in many), 385, 364, *many)
    assert wide == "┴─────────┴─────▲13─▲1────────┴─────────┴────────▲12"
