"""Seconds become pixels: a window of 10 s is 1,000 pixels wide, so a second is 100."""

import pytest

from lanes.layout import picture_of
from lanes.svg.rows import Rows
from lanes.svg.scale import Scale, Shape
from server.chat.record import Record
from tests.kit.documents import snapshot
from tests.kit.scenes import client, served
from tests.kit.snapshots import EPOCH, record

LEFT, RIGHT = 100, 1100
HIGH = Rows(1, 100)  # it has room for everything
MINUS = "\N{MINUS SIGN}"


def scale(*records: Record, seconds: float = 10, refusals: tuple[float, ...] = ()) -> Scale:
    taken = snapshot(*records, at=10, refusals=refusals)
    return Scale(picture_of(taken, seconds), left=LEFT, right=RIGHT)


def shapes(*records: Record, seconds: float = 10) -> list[Shape]:
    """The bars of the only lane."""
    picture = picture_of(snapshot(*records, at=10, model="lock"), seconds)
    [lane] = picture.lanes
    return Scale(picture, left=LEFT, right=RIGHT).row(lane.bars, HIGH)


def test_a_bar_is_where_its_session_began_was_served_and_ended() -> None:
    [shape] = shapes(record(1, accepted=1, served=3, closed=6))
    assert (shape.left, shape.turn, shape.right) == (200, 400, 700)
    [dismissed] = shapes(record(1, accepted=1, closed=6, thread="Thread-1", end="closing"))
    assert (dismissed.left, dismissed.turn, dismissed.right) == (200, 700, 700)
    assert (scale().x(EPOCH), scale().x(EPOCH + 10)) == (LEFT, RIGHT)


def test_a_very_short_session_is_visible_and_never_covers_the_next() -> None:
    [alone] = shapes(served(1, 1, 1.001))
    assert (alone.left, alone.turn, alone.right) == (200, 200, 202)
    first, second = shapes(served(1, 1, 1.001), served(2, 1.01, 5))
    assert (first.left, first.right, second.left) == (200, 201, 201)


def test_messages_too_close_together_share_a_tick_that_counts_them() -> None:
    often = client(1, 1, 1, said=(2, 2.25, 2.5, 2.75))
    [shape] = shapes(often)
    assert [(tick.x, tick.count) for tick in shape.ticks] == [
        (300, 1),
        (325, 1),
        (350, 1),
        (375, 1),
    ]
    [narrow] = shapes(often, seconds=200)
    assert [tick.count for tick in narrow.ticks] == [2, 2]


def test_refusals_too_close_together_are_one_mark_with_the_sum() -> None:
    assert scale(refusals=(1, 1.5, 5, 5.1)).refusals() == [(200, 1), (250, 1), (600, 2)]
    assert scale(refusals=(1, 1.5, 5, 5.1), seconds=1_000).refusals() == [(1091, 4)]


@pytest.mark.parametrize(
    ("end", "caption"),
    [(5, "#1 client-1 · 0 messages"), (2.1, "#1 client-1"), (1.4, "#1"), (1.1, "")],
)
def test_a_caption_says_as_much_as_there_is_room_for(end: float, caption: str) -> None:
    shape, _ = shapes(served(1, 1, end, name="client-1"), served(2, end, None))
    assert shape.caption == caption


def test_a_caption_may_use_the_free_space_after_a_short_bar() -> None:
    [shape] = shapes(served(1, 1, 1.5))
    assert shape.caption == "#1 c-1 · 0 messages"
    assert shape.caption_x > shape.right


def test_a_caption_says_why_a_session_failed_even_in_little_room() -> None:
    lost = served(1, 1, 2, name="client-1", end="lost")
    [wide], [narrow] = shapes(lost), shapes(lost, seconds=100)
    assert wide.caption == "#1 client-1 · 0 messages ✗ lost"
    assert "lost" in narrow.caption


def test_the_story_has_all_the_figures() -> None:
    told = record(3, accepted=1, served=2.5, closed=4, client="c-3", ticks=[(3, 3.1, 1)])
    told.bytes_in, told.bytes_out = 1, 321
    [shape] = shapes(told)
    assert shape.story == (
        "Session 3: c-3 from 10.0.0.3:40003, in Thread-3 (OS thread 1003). "
        "Waited 1.500 s, served 1.500 s, 1 message, 1 byte in, 321 bytes out. bye."
    )


def test_the_axis_counts_the_seconds_back_from_now() -> None:
    labels = list(scale().labels())
    assert labels[:3] == [(1100, "now"), (1000, f"{MINUS}1 s"), (900, f"{MINUS}2 s")]
    assert labels[-1] == (100, f"{MINUS}10 s")
