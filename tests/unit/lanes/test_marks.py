"""What is written on and around the lanes, whoever draws them."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes import marks
from lanes.layout import picture_of
from lanes.past import as_of
from lanes.picture import Picture
from lanes.snapshot import Queue, Seen
from lanes.terminal.strokes import Columns, draw_axis
from tests.kit.documents import snapshot
from tests.kit.snapshots import EPOCH

MINUS = "\N{MINUS SIGN}"


def watched(*addresses: str, unknown: tuple[str, ...] = ()) -> Picture:
    queues = tuple(Queue(one, 0, 0) for one in addresses)
    seen = Seen("unknown", "no client now", 50.0, queues, (), unknown=unknown)
    return picture_of(replace(snapshot(at=10), seen=seen))


def test_a_figure_that_cannot_be_seen_is_not_zero() -> None:
    figures = marks.figures(watched("1.2.3.4:80", unknown=("messages", "serving", "backlog")))
    unseen = dict.fromkeys(("served at once", "messages", "in the backlog"), marks.NONE)
    assert figures == {"clients now": "0", **unseen, "looks a second": "50"}


def test_of_the_past_of_a_watched_server_no_figure_is_of_now() -> None:
    for unknown, served in ((), "0"), (("serving",), marks.NONE):
        taken = watched("1.2.3.4:80", unknown=unknown).snapshot
        past = picture_of(as_of(taken, taken.at - 1))
        assert marks.figures(past) == {"clients then": "0", "served then": served}


NOBODY = "Nobody was here in the last 60 s."
TYPE = "Type this in a terminal, and then a line of text: nc"


@pytest.mark.parametrize(
    ("addresses", "notes"),
    [
        (["[::]:80"], ["Listens on [::]:80.", NOBODY, f"{TYPE} 127.0.0.1 80"]),
        (["/s"], ["Listens on the Unix-domain socket /s, whose clients are not shown."]),
        (
            ["/s", *(f"1.2.3.4:{port}" for port in (1, 2, 3, 4))],
            [
                "Listens on the Unix-domain socket /s, 1.2.3.4:1, 1.2.3.4:2 and 2 more.",
                *(NOBODY, f"{TYPE} 1.2.3.4 1"),
            ],
        ),
        ([], []),
    ],
)
def test_a_watched_server_shows_where_it_listens_and_whether_nobody_came(
    addresses: list[str], notes: list[str]
) -> None:
    assert list(marks.notes(watched(*addresses)))[1:] == notes


def window(seconds: float, *refusals: float) -> Picture:
    """A window that ends 100,000 seconds past the moment; refusals, in seconds before that end."""
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
