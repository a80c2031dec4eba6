"""Seconds become pixels: a window of 10 s on 1,000 of them, so that a second is 100."""

from itertools import pairwise

import pytest

from server.record import Record
from server.views.layout import picture_of
from server.views.scale import Scale, Shape
from tests.kit.snapshots import EPOCH, record, snapshot

LEFT, RIGHT = 100, 1100


def scale(*records: Record, seconds: float = 10, refusals: tuple[float, ...] = ()) -> Scale:
    taken = snapshot(*records, at=10, refusals=refusals)
    return Scale(picture_of(taken, seconds), left=LEFT, right=RIGHT)


def shapes(*records: Record, seconds: float = 10) -> list[Shape]:
    """The bars of the one lane that there is."""
    picture = picture_of(snapshot(*records, at=10, model="pool"), seconds)
    [lane] = picture.lanes
    return Scale(picture, left=LEFT, right=RIGHT).row(lane.bars)


def served(number: int, start: float, end: float | None, client: str = "me") -> Record:
    """By a pool's worker, who serves one after the other."""
    return record(
        number,
        accepted=0,
        served=start,
        closed=end,
        thread="Worker-1",
        native_id=7,
        client=client,
    )


def test_a_bar_stands_where_its_session_began_turned_and_ended() -> None:
    waited = record(1, accepted=1, served=3, closed=6)
    picture = picture_of(snapshot(waited, at=10), seconds=10)
    [shape] = Scale(picture, left=LEFT, right=RIGHT).row(picture.lanes[0].bars)
    assert (shape.left, shape.waiting) == (200, 200)
    assert (shape.turn, shape.serving, shape.right) == (400, 300, 700)


def test_one_that_was_never_served_has_nothing_solid() -> None:
    dismissed = record(1, accepted=1, closed=6, thread="Thread-1", end="closing")
    picture = picture_of(snapshot(dismissed, at=10, model="lock"), seconds=10)
    [shape] = Scale(picture, left=LEFT, right=RIGHT).row(picture.lanes[0].bars)
    assert (shape.waiting, shape.serving) == (500, 0)


def test_a_session_of_no_time_can_be_seen_all_the_same() -> None:
    [shape] = shapes(served(1, 1, 1.001))
    assert (shape.left, shape.serving) == (200, 2)


def test_but_it_never_reaches_into_the_next() -> None:
    first, second = shapes(served(1, 1, 1.001), served(2, 1.01, 5))
    assert (first.left, first.right, second.left) == (200, 201, 201)


@pytest.mark.parametrize(("seconds", "ticks"), [(10, 4), (1_000, 1)])
def test_messages_that_would_stand_too_close_share_a_tick(seconds: float, ticks: int) -> None:
    moments = [(2 + i * 0.25, 2 + i * 0.25, 1) for i in range(4)]
    often = record(1, accepted=1, served=1, thread="Worker-1", ticks=moments)
    [shape] = shapes(often, seconds=seconds)
    assert shape.ticks.count("M") == ticks
    if seconds == 10:
        assert [step.split()[0] for step in shape.ticks.split("M")[1:]] == [
            *("300.0", "325.0", "350.0", "375.0")
        ]


def test_refusals_that_would_stand_too_close_are_one_with_the_sum() -> None:
    assert scale(refusals=(1, 1.5, 5, 5.1)).refusals() == [(200, 1), (250, 1), (600, 2)]
    assert scale(refusals=(1, 1.5, 5, 5.1), seconds=1_000).refusals() == [(1091, 4)]


def test_a_caption_says_as_much_as_there_is_room_for() -> None:
    def caption(start: float, end: float, client: str = "client-1") -> str:
        return shapes(served(1, start, end, client), served(2, end, None))[0].caption

    assert caption(1, 5) == "#1 client-1 · 0 messages"
    assert caption(1, 2.1) == "#1 client-1"
    assert caption(1, 1.4) == "#1"
    assert caption(1, 1.1) == ""


def test_it_may_stand_in_the_free_space_behind_a_short_bar() -> None:
    [shape] = shapes(served(1, 1, 1.5))
    assert shape.caption == "#1 me · 0 messages"
    assert shape.caption_x > shape.right


def test_it_says_why_a_session_failed_even_where_there_is_little_room() -> None:
    lost = record(
        1, accepted=0, served=1, closed=2, end="lost", thread="Worker-1", client="client-1"
    )
    [shape] = shapes(lost)
    assert shape.caption == "#1 client-1 · 0 messages ✗ lost"
    [shape] = shapes(lost, seconds=100)
    assert "lost" in shape.caption


def test_the_story_has_all_the_figures() -> None:
    told = record(3, accepted=1, served=2.5, closed=4, client="c-3", ticks=[(3, 3.1, 1)])
    told.bytes_in, told.bytes_out = 1, 321
    picture = picture_of(snapshot(told, at=10), seconds=10)
    [shape] = Scale(picture, left=LEFT, right=RIGHT).row(picture.lanes[0].bars)
    assert shape.story == (
        "Session 3: c-3 from 10.0.0.3:40003, in Thread-3 (OS thread 1003). "
        "Waited 1.500 s, served 1.500 s, 1 message, 1 byte in, 321 bytes out. bye."
    )


def test_the_axis_counts_the_seconds_back_from_now() -> None:
    labels = list(scale().labels())
    assert labels[:3] == [(1100, "now"), (1000, "\N{MINUS SIGN}1 s"), (900, "\N{MINUS SIGN}2 s")]
    assert labels[-1] == (100, "\N{MINUS SIGN}10 s")


@pytest.mark.parametrize("seconds", [1, 7.5, 60, 3_600, 86_400])
def test_its_labels_never_stand_in_each_others_way(seconds: float) -> None:
    places = [x for x, _ in scale(seconds=seconds).labels()]
    assert len(places) >= 3
    assert all(right - left >= 64 for right, left in pairwise(places))


def test_now_is_at_the_right_edge_and_the_beginning_at_the_left() -> None:
    assert scale().x(EPOCH + 10) == RIGHT
    assert scale().x(EPOCH) == LEFT
