"""Which bar stands where: models by hand, limits by hand, and rules over any snapshot."""

from collections.abc import Iterable
from itertools import pairwise
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.record import Record
from server.registry import Snapshot
from server.views.layout import LANES, QUEUE, WINDOW, picture_of
from server.views.picture import Bar, Picture
from tests.kit.snapshots import EPOCH, record, snapshot, snapshots

Stretch = tuple[int, float, float, float]  # session, start, turn, end


def stretches(bars: Iterable[Bar]) -> list[Stretch]:
    """In seconds since the moment that the builders count from."""
    return [
        (bar.session.number, bar.start - EPOCH, bar.turn - EPOCH, bar.end - EPOCH) for bar in bars
    ]


def lanes(picture: Picture) -> dict[str, list[Stretch]]:
    return {lane.thread: stretches(lane.bars) for lane in picture.lanes}


def queue(picture: Picture) -> list[list[Stretch]]:
    return [stretches(row) for row in picture.queue]


def span(picture: Picture) -> float:
    return picture.at - picture.start


def by_worker(
    number: int, worker: int, *, accepted: float, served: float, closed: float | None = None
) -> Record:
    thread, native_id = f"Worker-{worker}", 2_000 + worker
    return record(
        number,
        accepted=accepted,
        served=served,
        closed=closed,
        thread=thread,
        native_id=native_id,
        ticks=[(served, served, 1)],
    )


def by_thread(number: int, *, closed: float | None = None) -> Record:
    """A session of the model `thread`, accepted in the second of its number."""
    return record(number, accepted=number, served=number, closed=closed)


# The three models


def test_thread_gives_each_session_a_lane_from_its_accept_to_its_close() -> None:
    picture = picture_of(
        snapshot(
            record(1, accepted=1, served=1.5, closed=4),
            record(2, accepted=2, served=2),
            at=5,
        )
    )
    assert lanes(picture) == {"Thread-1": [(1, 1, 1.5, 4)], "Thread-2": [(2, 2, 2, 5)]}
    [closed], [open_] = (lane.bars for lane in picture.lanes)
    assert (closed.open, closed.reason) == (False, "bye")
    assert (open_.open, open_.reason) == (True, None)
    assert picture.queue == ()


def test_a_lane_has_the_name_and_the_native_id_of_its_thread() -> None:
    picture = picture_of(snapshot(record(1, accepted=1, served=1, native_id=77), at=5))
    [lane] = picture.lanes
    assert (lane.thread, lane.native_id) == ("Thread-1", 77)


def test_a_session_whose_thread_has_not_begun_yet_stands_in_the_queue() -> None:
    picture = picture_of(snapshot(record(1, accepted=4, served=None), at=5, model="thread"))
    assert queue(picture) == [[(1, 4, 5, 5)]]
    assert picture.lanes == ()


def test_a_session_of_a_pool_stands_in_the_queue_and_then_in_its_worker_s_lane() -> None:
    first = by_worker(1, 1, accepted=1, served=1, closed=4)
    waiting = picture_of(snapshot(first, record(2, accepted=2), at=3, model="pool"))
    assert queue(waiting) == [[(2, 2, 3, 3)]]
    assert waiting.queue[0][0].open
    assert 2 not in {number for number, *_ in lanes(waiting)["Worker-1"]}

    second = by_worker(2, 1, accepted=2, served=4)
    serving = picture_of(snapshot(first, second, at=5, model="pool"))
    assert queue(serving) == [[(2, 2, 4, 4)]]
    assert not serving.queue[0][0].open
    assert lanes(serving) == {"Worker-1": [(1, 1, 1, 4), (2, 4, 4, 5)]}


def test_only_where_a_session_ends_is_said_why_and_only_where_it_is_served_are_ticks() -> None:
    session = by_worker(1, 1, accepted=1, served=3, closed=4)
    picture = picture_of(snapshot(session, at=5, model="pool"))
    [[queued]], [[served]] = picture.queue, [lane.bars for lane in picture.lanes]
    assert (queued.reason, queued.ticks) == (None, ())
    assert (served.reason, served.ticks) == ("bye", (EPOCH + 3,))


def test_a_worker_s_bars_stand_in_a_row() -> None:
    picture = picture_of(
        snapshot(
            by_worker(1, 1, accepted=0, served=0, closed=2),
            by_worker(2, 2, accepted=0, served=0, closed=3),
            by_worker(3, 1, accepted=1, served=2, closed=4),
            by_worker(4, 1, accepted=1, served=4),
            at=5,
            model="pool",
        )
    )
    assert lanes(picture) == {
        "Worker-1": [(1, 0, 0, 2), (3, 2, 2, 4), (4, 4, 4, 5)],
        "Worker-2": [(2, 0, 0, 3)],
    }


def test_one_that_waits_for_the_lock_waits_in_its_own_lane() -> None:
    picture = picture_of(
        snapshot(
            record(1, accepted=1, served=1, closed=3),
            record(2, accepted=2, served=3),
            record(3, accepted=2.5, thread="Thread-3"),
            at=5,
            model="lock",
        )
    )
    assert lanes(picture) == {
        "Thread-1": [(1, 1, 1, 3)],
        "Thread-2": [(2, 2, 3, 5)],
        "Thread-3": [(3, 2.5, 5, 5)],
    }
    assert picture.lanes[2].bars[0].open
    assert picture.queue == ()


@pytest.mark.parametrize(("model", "thread"), [("lock", "Thread-1"), ("pool", None)])
def test_one_that_was_dismissed_only_waited_and_has_its_reason(
    model: str, thread: str | None
) -> None:
    dismissed = record(1, accepted=1, closed=4, thread=thread, end="closing")
    picture = picture_of(snapshot(dismissed, at=5, model=model))
    [[bar]] = picture.queue if model == "pool" else [lane.bars for lane in picture.lanes]
    assert stretches([bar]) == [(1, 1, 4, 4)]
    assert (bar.open, bar.reason) == (False, "closing")


# Which lanes, and in which order


def test_lanes_are_in_the_order_of_their_first_use() -> None:
    sessions = [by_worker(n, n, accepted=n, served=n, closed=20 - n) for n in range(1, 12)]
    picture = picture_of(snapshot(*sessions, at=20, model="pool"))
    assert list(lanes(picture)) == [f"Worker-{n}" for n in range(1, 12)]


def test_lanes_keep_their_places_when_their_first_sessions_are_forgotten() -> None:
    picture = picture_of(
        snapshot(
            by_worker(1002, 2, accepted=1, served=1, closed=3),  # 1001 was by Worker-1
            by_worker(1003, 1, accepted=2, served=2, closed=4),
            at=5,
            model="pool",
        )
    )
    assert list(lanes(picture)) == ["Worker-1", "Worker-2"]


def test_a_lane_that_was_last_used_before_the_window_is_not_drawn() -> None:
    picture = picture_of(
        snapshot(by_thread(1, closed=2), by_thread(2, closed=14), by_thread(3), at=20), seconds=10
    )
    assert list(lanes(picture)) == ["Thread-2", "Thread-3"]
    assert picture.lanes_more == 0


def test_as_many_lanes_as_are_drawn_leave_none_out() -> None:
    picture = picture_of(snapshot(*map(by_thread, range(1, LANES + 1)), at=LANES + 1))
    assert (len(picture.lanes), picture.lanes_more) == (LANES, 0)


def test_of_more_lanes_those_used_last_are_drawn_in_their_order_and_the_rest_counted() -> None:
    left_early, left_late = {1: 90.0, 3: 91.0, 5: 92.0}, {2: 93.0}
    ended = left_early | left_late
    sessions = [by_thread(n, closed=ended.get(n)) for n in range(1, LANES + 4)]
    picture = picture_of(snapshot(*sessions, at=100))
    drawn = [n for n in range(1, LANES + 4) if n not in left_early]
    assert list(lanes(picture)) == [f"Thread-{n}" for n in drawn]
    assert picture.lanes_more == 3


def test_of_more_lanes_in_use_the_first_are_drawn() -> None:
    sessions = [by_thread(n) for n in range(1, LANES + 4)]
    picture = picture_of(snapshot(*sessions, at=100))
    assert list(lanes(picture)) == [f"Thread-{n}" for n in range(1, LANES + 1)]
    assert picture.lanes_more == 3


# The queue


def test_those_who_wait_at_once_stand_in_rows_one_below_the_other() -> None:
    waiting = [record(number, accepted=number) for number in (1, 2, 3)]
    picture = picture_of(snapshot(*waiting, at=5, model="pool"))
    assert queue(picture) == [[(1, 1, 5, 5)], [(2, 2, 5, 5)], [(3, 3, 5, 5)]]


def test_a_row_is_used_again_as_soon_as_it_is_free() -> None:
    picture = picture_of(
        snapshot(
            by_worker(1, 1, accepted=0, served=4),
            by_worker(2, 2, accepted=1, served=2),
            by_worker(3, 3, accepted=2, served=3),
            by_worker(4, 4, accepted=3.5, served=4.5),
            record(5, accepted=4),
            at=5,
            model="pool",
        )
    )
    assert queue(picture) == [
        [(1, 0, 4, 4), (5, 4, 5, 5)],
        [(2, 1, 2, 2), (3, 2, 3, 3), (4, 3.5, 4.5, 4.5)],
    ]


def test_rows_beyond_the_last_that_is_drawn_are_counted() -> None:
    def waiting(many: int) -> Picture:
        sessions = [record(number, accepted=1) for number in range(1, many + 1)]
        return picture_of(snapshot(*sessions, at=5, model="pool"))

    assert (len(waiting(1).queue), waiting(1).queue_more) == (1, 0)
    assert (len(waiting(QUEUE).queue), waiting(QUEUE).queue_more) == (QUEUE, 0)
    more = waiting(QUEUE + 3)
    assert [row[0].session.number for row in more.queue] == list(range(1, QUEUE + 1))
    assert more.queue_more == 3


def test_a_wait_of_no_time_is_not_drawn_in_the_queue() -> None:
    at_once = by_worker(1, 1, accepted=1, served=1.005)
    waited = by_worker(2, 2, accepted=1, served=1.015)
    picture = picture_of(snapshot(at_once, waited, at=5, model="pool"), seconds=10)
    assert [number for row in queue(picture) for number, *_ in row] == [2]
    assert list(lanes(picture)) == ["Worker-1", "Worker-2"]


def test_one_whose_thread_is_just_being_started_does_not_show_a_queue() -> None:
    picture = picture_of(snapshot(record(1, accepted=5), at=5), seconds=60)
    assert queue(picture) == []


def test_who_left_the_queue_before_the_window_takes_no_row() -> None:
    gone = by_worker(1, 1, accepted=0, served=9)
    here = record(2, accepted=1)
    picture = picture_of(snapshot(gone, here, at=20, model="pool"), seconds=10)
    assert queue(picture) == [[(2, 10, 20, 20)]]


# The window


def test_bars_are_cut_where_the_window_begins_and_so_are_their_ticks() -> None:
    served = record(
        1, accepted=1, served=2, ticks=[(3, 3, 1), (9.5, 9.5, 1), (10, 10, 2), (11, 11, 3)]
    )
    waited = record(2, accepted=3, served=12)
    picture = picture_of(snapshot(served, waited, at=20, model="lock"), seconds=10)
    assert lanes(picture) == {"Thread-1": [(1, 10, 10, 20)], "Thread-2": [(2, 10, 12, 20)]}
    assert picture.lanes[0].bars[0].ticks == (EPOCH + 10, EPOCH + 11)
    assert picture.messages == 7


def test_a_bar_that_ended_before_the_window_is_left_out_of_its_lane() -> None:
    picture = picture_of(
        snapshot(
            by_worker(1, 1, accepted=1, served=1, closed=9),
            by_worker(2, 1, accepted=1, served=9, closed=12),
            at=20,
            model="pool",
        ),
        seconds=10,
    )
    assert lanes(picture) == {"Worker-1": [(2, 10, 10, 12)]}


@pytest.mark.parametrize("seconds", [0.5, 7.25, 100, 3600])
def test_a_window_that_was_asked_for_is_exactly_so_long(seconds: float) -> None:
    assert span(picture_of(snapshot(by_thread(1), at=50), seconds)) == seconds


@pytest.mark.parametrize(
    ("began", "long"),
    [
        (100, 5),
        (99, 5),
        (95, 5),
        (94.9, 10),
        (90, 10),
        (89, 15),
        (71, 30),
        (51, 50),
        (41, 60),
        (40, 60),
    ],
)
def test_without_one_it_grows_by_five_seconds_with_what_there_is(began: float, long: float) -> None:
    sessions = [record(1, accepted=began, served=began), record(2, accepted=100)]
    assert span(picture_of(snapshot(*sessions, at=100))) == long


def test_but_a_minute_is_the_longest() -> None:
    assert span(picture_of(snapshot(record(1, accepted=1, served=1), at=1000))) == WINDOW


def test_an_empty_picture_is_a_minute_long() -> None:
    assert span(picture_of(snapshot(at=1000))) == WINDOW


def test_what_was_over_a_minute_ago_does_not_stretch_the_window() -> None:
    sessions = [record(1, accepted=30, served=30, closed=39), record(2, accepted=98, served=98)]
    assert span(picture_of(snapshot(*sessions, at=100, refusals=[39]))) == 5


def test_a_refusal_stretches_the_window_too() -> None:
    session = record(1, accepted=98, served=98)
    assert span(picture_of(snapshot(session, at=100, refusals=[91, 99]))) == 10


def test_all_refusals_are_counted_and_those_of_the_window_shown() -> None:
    picture = picture_of(snapshot(at=100, refusals=[1, 89.5, 90, 90.1, 95]), seconds=10)
    assert picture.refused == 5
    assert picture.refusals == ((EPOCH + 90, 2), (EPOCH + 95, 1))


def test_the_figures_are_the_snapshot_s() -> None:
    sessions = [by_thread(1, closed=2), by_thread(2), by_thread(3), record(4, accepted=4)]
    taken = snapshot(*sessions, at=9, model="lock")
    picture = picture_of(taken)
    assert (picture.model, picture.at) == ("lock", EPOCH + 9)
    assert (picture.open, picture.serving, picture.peak_serving) == (3, 2, 2)


# Any snapshot at all

windows = st.none() | st.floats(1, 300)


def bars_of(picture: Picture) -> list[Bar]:
    rows = [*picture.queue, *(lane.bars for lane in picture.lanes)]
    return [bar for row in rows for bar in row]


@given(snapshots(), windows)
def test_bars_of_a_lane_or_a_row_never_overlap(snapshot: Snapshot, seconds: float | None) -> None:
    picture = picture_of(snapshot, seconds)
    for row in (*picture.queue, *(lane.bars for lane in picture.lanes)):
        assert all(before.end <= after.start for before, after in pairwise(row))


@given(snapshots(), windows)
def test_a_bar_waits_first_then_is_served_and_stays_within_the_window(
    snapshot: Snapshot, seconds: float | None
) -> None:
    picture = picture_of(snapshot, seconds)
    for bar in bars_of(picture):
        assert picture.start <= bar.start <= bar.turn <= bar.end <= picture.at
        assert not bar.open or bar.end == picture.at
        assert all(bar.turn <= moment <= bar.end for moment in bar.ticks)


@given(snapshots(), windows)
def test_whoever_is_open_is_drawn_once_as_such(snapshot: Snapshot, seconds: float | None) -> None:
    drawn = [bar.session for bar in bars_of(picture_of(snapshot, seconds)) if bar.open]
    at_once = snapshot.at - (seconds or 60) / 1000  # who came later may not be in the queue yet
    is_open = [
        session
        for session in snapshot.sessions
        if session.state != "closed" and (session.thread or session.accepted_at < at_once)
    ]
    drawn = [session for session in drawn if session.thread or session.accepted_at < at_once]
    assert sorted(drawn, key=attrgetter("number")) == is_open


@given(snapshots(), windows)
def test_nobody_is_drawn_twice_but_who_has_waited_in_the_queue_and_was_served(
    snapshot: Snapshot, seconds: float | None
) -> None:
    picture = picture_of(snapshot, seconds)
    queued = [bar.session.number for row in picture.queue for bar in row]
    in_lanes = [bar.session for lane in picture.lanes for bar in lane.bars]
    assert len(queued) == len(set(queued))
    assert len(in_lanes) == len({session.number for session in in_lanes})
    twice = [session for session in in_lanes if session.number in queued]
    assert picture.model == "pool" or twice == []
    assert all(session.served_at is not None for session in twice)


def test_messages_that_are_too_close_share_a_tick() -> None:
    moments = [(1 + i / 4, 1 + i / 4, 1) for i in range(20)]
    talks = record(1, accepted=1, served=1, ticks=moments)
    near = picture_of(snapshot(talks, at=10), seconds=10)
    assert near.lanes[0].bars[0].ticks == tuple(EPOCH + moment for moment, *_ in moments)
    far = picture_of(snapshot(talks, at=10), seconds=500)
    assert far.lanes[0].bars[0].ticks == tuple(EPOCH + 1 + i for i in range(5))
