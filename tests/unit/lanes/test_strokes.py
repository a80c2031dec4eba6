"""A row of bars as strokes: where they are, and their labels. A second is ten columns."""

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes.layout import picture_of
from lanes.snapshot import Snapshot
from lanes.terminal.cells import Line
from lanes.terminal.strokes import Columns, draw_label, draw_stroke, strokes
from server.chat.record import End, Record
from tests.kit.documents import snapshot, snapshots
from tests.kit.scenes import client, served

SPAN = 5  # seconds
ROOM = 12  # cells for a client's name


def row(*records: Record, at: float = 5, behind: int = 0, labelled: bool = True) -> str:
    """The only lane, with `behind` columns after it."""
    picture = picture_of(snapshot(*records, at=at, model="lock"), SPAN)
    columns = Columns(picture, 0, 10 * SPAN)
    line = Line(10 * SPAN + behind)
    drawn = list(strokes(picture.lanes[0].bars, columns))
    for stroke in drawn:
        draw_stroke(line, stroke, columns)
    for stroke in drawn if labelled else []:
        draw_label(line, stroke, ROOM)
    return line.text().plain


def waits(began: float, served: float | None = None, closed: float | None = None) -> Record:
    """A client that waits in its thread before it is served, if ever."""
    return client(1, began, served, closed, thread="Thread-1", said=())


BRIEF = [served(number, 1 + number / 1000, 1.001 + number / 1000) for number in range(10)]
NEXT = served(12, 3, 4)
SHORT = [served(1, 2.6, 2.9, end="lost"), served(2, 2.9, 3, end="idle"), NEXT]
FAILURES = sorted({*get_args(End)} - {"bye"})


@pytest.mark.parametrize(
    ("sessions", "shown"),
    [
        ([waits(1, 2.5, 4)], "          ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌━━━━━━━━━━━━━━╸"),
        ([served(1, 1, 4, [1, 1.9, 2.6, 4])], "          ┝━━━━━━━━┿━━━━━━┿━━━━━━━━━━━━┥"),
        # Anything short still has a column: serving after a long wait, a session, a message,
        # a wait, and whatever has just begun.
        ([waits(1, 2.999, 3)], "          ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╸"),
        ([served(1, 1, 1.01)], "          ■"),
        ([served(1, 1, 1.01, [1])], "          │"),
        ([waits(1, None, 1.01)], "          ·"),
        ([served(1, 4.99, None)], " " * 49 + "╺"),
        # Bars that touch are told apart by their ends.
        ([served(1, 1, 2), served(2, 2, 2.1), served(3, 2.1, 3)], "          ╺━━━━━━━━╸■╺━━━━━━━╸"),
        # A bar whose columns are all taken is left out, but the next one is not.
        ([*BRIEF, served(10, 1.02, 2)], "          ■╺━━━━━━━╸"),
    ],
)
def test_strokes_show_how_long_a_client_waits_and_is_served(
    sessions: list[Record], shown: str
) -> None:
    assert row(*sessions, labelled=False) == shown


@pytest.mark.parametrize(("session", "shown"), [(served(1, 1, None), "━"), (waits(1), "╌")])
def test_a_stroke_has_no_end_beyond_the_window(session: Record, shown: str) -> None:
    assert row(session, at=9, labelled=False) == shown * 50


@pytest.mark.parametrize(
    ("sessions", "shown"),
    [
        # After the stroke; of a long name, the end.
        ([served(3, 1, 2, name="lab-client-3")], "╺━━━━━━━━╸ #3 lab-client-3"),
        ([served(3, 1, 2, name="a-lab-client-3")], "╺━━━━━━━━╸ #3 …ab-client-3"),
        # On the stroke, between messages; if need be without blanks, or even over messages.
        ([served(1, 1, 3, [1.1, 1.4, 2.5]), NEXT], "╺┿━━┿ #1 c-1 ━━┿━━━╸╺━━━━━━━━╸ #12 c-12"),
        ([served(1, 1, 3, [1.1, 1.4, 2.2]), NEXT], "╺┿━━┿#1 c-1━┿━━━━━━╸╺━━━━━━━━╸ #12 c-12"),
        ([served(11, 2, 3, [2, 2.3, 2.6, 2.9]), NEXT], "┝#11━━┿━━┥╺━━━━━━━━╸ #12 c-12"),
        # Where the session waits.
        ([waits(1, 4.5)], "╶ #1 c-1 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌━━━━━"),
        # A failed end is named; without room for the name it still has a mark.
        *[([served(3, 1, 2, end=end)], f"╺━━━━━━━━╸ #3 c-3 ✗ {end}") for end in FAILURES],
        (SHORT, "╺━✗✗╺━━━━━━━━╸ #12 c-12"),
    ],
)
def test_a_label_says_who_it_is_and_why_it_failed(sessions: list[Record], shown: str) -> None:
    assert row(*sessions).strip() == shown


def test_a_label_may_reach_beyond_the_last_column() -> None:
    sessions = served(1, 1, 3), served(2, 3, None)
    for behind, shown in [(7, "━━━━━━━━━━━━━━━━━━━ #2 c-2"), (6, " #2 c-2 ━━━━━━━━━━━")]:
        drawn = row(*sessions, behind=behind).strip()
        assert drawn == "╺ #1 c-1 ━━━━━━━━━━╸╺" + shown


@given(snapshots(), st.integers(1, 200), st.sampled_from([None, 1, 60, 300]))
def test_strokes_stay_apart_and_in_place(of: Snapshot, columns: int, seconds: float | None) -> None:
    drawn = picture_of(of, seconds)
    for bars in [*drawn.queue, *(lane.bars for lane in drawn.lanes)]:
        seen = list(strokes(bars, Columns(drawn, 7, 7 + columns)))
        assert seen
        assert all(7 <= s.first <= s.turn <= s.past <= 7 + columns for s in seen)
        assert all(s.first < s.past for s in seen)
        assert all((s.turn < s.past) == (s.bar.turn < s.bar.end) for s in seen)
        assert all(before.past <= after.first for before, after in pairwise(seen))
