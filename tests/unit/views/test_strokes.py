"""A row of bars as strokes: in which columns they stand, and what they are called.

Here a second is ten columns.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.record import End, Record
from server.registry import Snapshot
from server.views import picture as pictures
from server.views.cells import Line
from server.views.layout import picture_of
from server.views.picture import Picture
from server.views.strokes import COLOURS, Columns, draw_label, draw_stroke, strokes
from tests.kit.snapshots import record, snapshot, snapshots

SPAN = 5  # seconds
ROOM = 12  # cells for a client's name


def picture(*records: Record, at: float = 5, model: str = "thread") -> Picture:
    return picture_of(snapshot(*records, at=at, model=model), SPAN)


def row(of: Picture, *, behind: int = 0, labelled: bool = True) -> str:
    """The first lane, and so many columns behind it."""
    columns = Columns(of, 0, 10 * SPAN)
    line = Line(10 * SPAN + behind)
    drawn = list(strokes(of.lanes[0].bars, columns))
    for stroke in drawn:
        draw_stroke(line, stroke, columns)
    for stroke in drawn if labelled else []:
        draw_label(line, stroke, ROOM)
    return line.text().plain


def unlabelled(of: Picture) -> str:
    return row(of, labelled=False)


def served(
    number: int,
    begin: float,
    end: float | None,
    *,
    why: End = "bye",
    messages: Iterable[float] = (),
) -> Record:
    """One that a pool's only worker serves, without waiting."""
    return record(
        number,
        accepted=begin,
        served=begin,
        closed=end,
        thread="Worker-1",
        native_id=7,
        client=f"c-{number}",
        end=why,
        ticks=[(moment, moment, 1) for moment in messages],
    )


def test_a_session_is_hatched_while_it_waits_and_solid_while_it_is_served() -> None:
    drawn = picture(record(1, accepted=1, served=2.5, closed=4))
    assert unlabelled(drawn) == " " * 10 + "╶" + "╌" * 14 + "━" * 14 + "╸"


def test_a_message_stands_in_the_column_of_its_moment() -> None:
    shown = unlabelled(picture(served(1, 1, 4, messages=[1, 1.9, 2.6, 4])))
    assert shown == " " * 10 + "┝━━━━━━━━┿━━━━━━┿━━━━━━━━━━━━┥"


def test_one_that_goes_on_or_has_begun_before_the_window_has_no_end_there() -> None:
    assert unlabelled(picture(record(1, accepted=1, served=1), at=9)) == "━" * 50
    waits = picture(record(1, accepted=1, thread="Thread-1"), at=9, model="lock")
    assert unlabelled(waits) == "╌" * 50


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({"served": 2.0, "closed": 2.01}, "■"),
        ({"served": 2.0, "closed": 2.01, "ticks": [(2, 2, 3)]}, "│"),
        ({"closed": 2.01, "thread": "Thread-1"}, "·"),
    ],
)
def test_the_shortest_session_has_a_column(facts: dict[str, object], shown: str) -> None:
    drawn = picture(record(1, accepted=2, **facts), model="lock")  # type: ignore[arg-type]  # as above
    assert unlabelled(drawn) == " " * 20 + shown


def test_one_that_has_just_begun_has_the_last_column() -> None:
    assert unlabelled(picture(record(1, accepted=4.99, served=4.99))) == " " * 49 + "╺"


def test_one_that_is_served_for_a_moment_after_long_waiting_shows_it() -> None:
    drawn = picture(record(1, accepted=1, served=2.999, closed=3))
    assert unlabelled(drawn) == " " * 10 + "╶" + "╌" * 18 + "╸"


def test_sessions_that_touch_are_told_apart_by_their_ends() -> None:
    drawn = picture(served(1, 1, 2), served(2, 2, 3), served(3, 3, 3.1), served(4, 3.1, 3.2))
    assert unlabelled(drawn) == " " * 10 + "╺━━━━━━━━╸╺━━━━━━━━╸■■"


def test_one_whose_columns_are_taken_is_left_out_and_the_next_is_not() -> None:
    short = [served(n, 2 + n / 1000, 2 + (n + 1) / 1000) for n in range(10)]
    drawn = picture(*short, served(10, 2.02, 3))
    assert unlabelled(drawn) == " " * 20 + "■╺━━━━━━━╸"
    seen = strokes(drawn.lanes[0].bars, Columns(drawn, 0, 50))
    assert [stroke.bar.session.number for stroke in seen] == [0, 10]


def test_the_label_stands_behind_the_stroke_and_says_number_and_client() -> None:
    drawn = picture(record(3, accepted=1, served=1, closed=2, client="lab-client-3"))
    assert row(drawn).strip() == "╺━━━━━━━━╸ #3 lab-client-3"
    drawn = picture(record(3, accepted=1, served=1, closed=2, client="a-lab-client-3"))
    assert row(drawn).strip() == "╺━━━━━━━━╸ #3 …ab-client-3"


def test_it_may_reach_beyond_the_last_column() -> None:
    drawn = picture(served(1, 1, 3), served(2, 3, None))
    assert row(drawn, behind=7).strip() == "╺ #1 c-1 ━━━━━━━━━━╸╺━━━━━━━━━━━━━━━━━━━ #2 c-2"
    assert row(drawn, behind=6).strip() == "╺ #1 c-1 ━━━━━━━━━━╸╺ #2 c-2 ━━━━━━━━━━━"


def test_on_a_stroke_the_label_hides_no_message_if_it_can() -> None:
    drawn = picture(served(1, 1, 3, messages=[1.1, 1.4, 2.5]), served(2, 3, 4))
    assert row(drawn).strip().startswith("╺┿━━┿ #1 c-1 ━━┿━━━╸╺")
    drawn = picture(served(1, 1, 3, messages=[1.1, 1.4, 2.2]), served(2, 3, 4))
    assert row(drawn).strip().startswith("╺┿━━┿#1 c-1━┿━━━━━━╸╺")


def test_where_there_is_room_for_nothing_else_the_number_hides_messages() -> None:
    drawn = picture(served(11, 1, 2, messages=[1, 1.3, 1.6, 1.9]), served(12, 2, 4))
    assert row(drawn).strip().startswith("┝#11━━┿━━┥╺")


def test_the_label_may_stand_where_the_session_waits() -> None:
    drawn = picture(record(1, accepted=1, served=4.5, client="c-1"))
    assert row(drawn).strip() == "╶ #1 c-1 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌━━━━━"


@pytest.mark.parametrize("end", get_args(End))
def test_every_end_but_bye_is_marked_with_its_word(end: End) -> None:
    drawn = picture(served(3, 1, 2, why=end))
    assert row(drawn).strip() == "╺━━━━━━━━╸ #3 c-3" + ("" if end == "bye" else f" ✗ {end}")


def test_a_failed_end_is_marked_even_where_there_is_no_room_for_a_word() -> None:
    drawn = picture(
        served(1, 1, 1.3, why="lost"), served(2, 1.3, 1.4, why="idle"), served(3, 1.4, 4)
    )
    assert row(drawn).strip() == "╺━✗✗╺━━━━━━━━━━━━━━━━━━━━━━━━╸ #3 c-3"


def test_each_of_a_pictures_colours_is_another() -> None:
    assert len(set(COLOURS)) == len(COLOURS) == pictures.COLOURS


def test_a_stroke_has_its_clients_colour() -> None:
    drawn = picture(served(1, 1, 2), served(2, 2, 3))
    columns = Columns(drawn, 0, 50)
    line = Line(50)
    for stroke in strokes(drawn.lanes[0].bars, columns):
        draw_stroke(line, stroke, columns)
    spans = [(span.start, span.end, span.style) for span in line.text().spans]
    assert spans == [(10, 20, COLOURS[1]), (20, 30, COLOURS[2])]


@given(snapshots(), st.integers(1, 200), st.sampled_from([None, 1, 60, 300]))
def test_strokes_never_overlap_and_stay_in_their_columns(
    of: Snapshot, columns: int, seconds: float | None
) -> None:
    drawn = picture_of(of, seconds)
    for bars in [*drawn.queue, *(lane.bars for lane in drawn.lanes)]:
        seen = list(strokes(bars, Columns(drawn, 7, 7 + columns)))
        assert seen
        assert all(7 <= s.first <= s.turn <= s.past <= 7 + columns for s in seen)
        assert all(s.first < s.past for s in seen)
        assert all((s.turn < s.past) == (s.bar.turn < s.bar.end) for s in seen)
        assert all(before.past <= after.first for before, after in pairwise(seen))
