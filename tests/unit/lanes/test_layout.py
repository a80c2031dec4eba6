"""Where each bar is: examples for the models and the limits, and rules for any snapshot."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanes import marks
from lanes.layout import LANES, WINDOW, picture_of
from lanes.picture import Bar, Picture
from lanes.snapshot import Snapshot
from server.chat.record import Record
from tests.kit import scenes
from tests.kit.documents import snapshot, snapshots
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH, REUSED, record

Stretch = tuple[int, float, float, float]  # session, start, turn, end


def stretches(bars: Iterable[Bar]) -> list[Stretch]:
    """Return the bars in seconds since EPOCH."""
    return [(b.session.number, b.start - EPOCH, b.turn - EPOCH, b.end - EPOCH) for b in bars]


def lanes(picture: Picture) -> dict[str, list[Stretch]]:
    return {lane.thread: stretches(lane.bars) for lane in picture.lanes}


def queue(picture: Picture) -> list[list[Stretch]]:
    return [stretches(row) for row in picture.queue]


def test_lanes_are_in_numeric_order_even_after_first_sessions_are_forgotten() -> None:
    sessions = [client(1_000 + place, 1, 1, worker=n) for place, n in enumerate((10, 2, 1))]
    picture = picture_of(snapshot(*sessions, at=5, model="pool"))
    assert list(lanes(picture)) == ["Worker-1", "Worker-2", "Worker-10"]


@pytest.mark.parametrize(
    ("ends", "missing"),
    [
        pytest.param({}, {257, 258, 259}, id="all in use: the first stay"),
        pytest.param({1: 90.0, 2: 93.0, 3: 91.0, 5: 92.0}, {1, 3, 5}, id="the last used stay"),
    ],
)
def test_the_lanes_used_last_are_drawn_if_there_are_too_many(
    ends: dict[int, float], missing: set[int]
) -> None:
    sessions = [client(n, n / 4, n / 4, ends.get(n)) for n in range(1, LANES + 4)]
    picture = picture_of(snapshot(*sessions, at=100))
    drawn = [number for number in range(1, LANES + 4) if number not in missing]
    assert list(lanes(picture)) == [f"Thread-{number}" for number in drawn]
    assert picture.lanes_more == 3
    fitting = picture_of(snapshot(*sessions[:LANES], at=100))
    assert (len(fitting.lanes), fitting.lanes_more) == (LANES, 0)


def test_a_wait_is_drawn_in_the_queue_once_it_takes_time() -> None:
    at_once, waited = client(1, 1, 1.005, worker=1), client(2, 1, 1.015, worker=2)
    picture = picture_of(snapshot(at_once, waited, at=5, model="pool"), seconds=10)
    assert [number for row in queue(picture) for number, *_ in row] == [2]
    assert list(lanes(picture)) == ["Worker-1", "Worker-2"]
    # In any model: a thread takes time to start.
    assert queue(picture_of(snapshot(client(1, 4), at=5))) == [[(1, 4, 5, 5)]]
    assert queue(picture_of(snapshot(client(1, 5), at=5))) == []


def seen_from_outside(*sessions: Record, how: str, **facts: object) -> Picture:
    told = snapshot(*sessions, at=5)
    seen = tuple(replace(one, how=how, **facts) for one in told.sessions)  # type: ignore[arg-type]
    return picture_of(replace(told, sessions=seen))


def test_a_client_with_an_unknown_thread_has_a_row_that_says_so() -> None:
    one = record(1, accepted=1, served=2, ticks=[(3, 3, 1)])
    picture = seen_from_outside(one, how="polled", thread=None, native_id=None)
    assert (queue(picture), lanes(picture)) == ([[(1, 1, 2, 5)]], {})
    assert picture.queue[0][0].ticks == ((EPOCH + 3, 1),)
    assert [row.name for row in marks.rows(picture)] == ["not known"]


def test_a_client_that_has_left_and_the_next_of_its_thread_have_a_row_each() -> None:
    both = record(1, 1, 1, thread="T", native_id=9), record(2, 3, 3, thread="T", native_id=9)
    picture = seen_from_outside(*both, how="has left")
    assert [lane.thread for lane in picture.lanes] == ["T", "T"]
    assert marks.captions(picture.lanes[0].bars[0], "c")[0] == "#1 c has left"


def test_bars_and_their_messages_are_cut_where_the_window_begins() -> None:
    ticks = [(3, 3, 1), (9.5, 9.5, 1), (10, 10, 2), (11, 11, 3)]
    served = record(1, accepted=1, served=2, ticks=ticks)
    waited = record(2, accepted=3, served=12)
    picture = picture_of(snapshot(served, waited, at=20, model="lock"), seconds=10)
    assert lanes(picture) == {"Thread-1": [(1, 10, 10, 20)], "Thread-2": [(2, 10, 12, 20)]}
    assert picture.lanes[0].bars[0].ticks == ((EPOCH + 10, 2), (EPOCH + 11, 3))
    assert picture.snapshot.messages == 7


def test_sessions_that_ended_before_the_window_take_no_room() -> None:
    over = client(1, 1, 1, 9, worker=1), client(3, 2, 2, 8, worker=2)
    seen = client(2, 1, 9, 12, worker=1), client(4, 3)
    picture = picture_of(snapshot(*over, *seen, at=20, model="pool"), seconds=10)
    assert lanes(picture) == {"Worker-1": [(2, 10, 10, 12)]}
    assert queue(picture) == [[(4, 10, 20, 20)]]
    assert picture.lanes_more == 0


@pytest.mark.parametrize(
    ("began", "closed", "refusals", "long"),
    [
        *[(began, None, [], 5) for began in (100, 99, 95)],
        *[(began, None, [], 10) for began in (94.9, 90)],
        *[(89, None, [], 15), (71, None, [], 30), (51, None, [], 50), (41, None, [], 60)],
        pytest.param(1, None, [], WINDOW, id="never longer"),
        pytest.param(30, 39, [39], 5, id="over for more than a minute"),
        pytest.param(98, None, [91, 99], 10, id="a refusal counts too"),
    ],
)
def test_by_default_the_window_grows_with_its_content_up_to_a_minute(
    began: float, closed: float | None, refusals: list[float], long: float
) -> None:
    sessions = [client(1, began, began, closed), client(2, 100)]
    assert picture_of(snapshot(*sessions, at=100, refusals=refusals)).span == long
    assert picture_of(snapshot(at=100)).span == WINDOW  # nothing to show


def test_refusals_in_the_window_are_shown() -> None:
    picture = picture_of(snapshot(at=100, refusals=[1, 89.5, 90, 90.1, 95]), seconds=10)
    assert picture.refusals == ((EPOCH + 90, 2), (EPOCH + 95, 1))


def test_a_pictures_sessions_are_those_drawn_once_each_by_number() -> None:
    picture = picture_of(scenes.QUEUE, seconds=2.45)  # the first two are long gone
    assert [session.number for session in picture.sessions()] == [3, 4, 5, 6]


def test_failed_or_waiting_sessions_can_be_selected_and_all_are_counted() -> None:
    of = {kind: picture_of(scenes.QUEUE, 5, kind=kind) for kind in ("all", "waiting", "failed")}
    drawn = {kind: [one.number for one in picture.sessions()] for kind, picture in of.items()}
    assert drawn == {"all": [1, 2, 3, 4, 5, 6], "waiting": [5], "failed": [3, 6]}
    assert all(picture.counts == {"all": 6, "waiting": 1, "failed": 2} for picture in of.values())
    assert len({picture.start for picture in of.values()}) == 1


@given(snapshots(), st.none() | st.floats(1, 300))
def test_bars_wait_are_served_and_never_overlap(snapshot: Snapshot, seconds: float | None) -> None:
    picture = picture_of(snapshot, seconds)
    queued = [bar for row in picture.queue for bar in row]
    in_lanes = [bar for lane in picture.lanes for bar in lane.bars]
    for row in (*picture.queue, *(lane.bars for lane in picture.lanes)):
        assert all(before.end <= after.start for before, after in pairwise(row))
    for bar in (*queued, *in_lanes):
        assert picture.start <= bar.start <= bar.turn <= bar.end <= picture.at
        assert not bar.open or bar.end == picture.at
        assert all(bar.turn <= moment <= bar.end for moment, _ in bar.ticks)
    # Every open session is drawn once; one without a thread may be too new for the queue.
    settled = snapshot.at - (seconds or WINDOW) / 1000
    drawn = [bar.session for bar in (*queued, *in_lanes) if bar.open]
    assert sorted(one.number for one in drawn if one.thread or one.accepted_at < settled) == [
        one.number
        for one in snapshot.sessions
        if one.state != "closed" and (one.thread or one.accepted_at < settled)
    ]
    # No session is drawn twice, except in a pool after a wait in the queue.
    for bars in (queued, in_lanes):
        assert len(bars) == len({bar.session.number for bar in bars})
    waited = {bar.session.number for bar in queued}
    twice = [bar for bar in in_lanes if bar.session.number in waited]
    assert all(bar.session.served_at for bar in twice)
    if snapshot.model not in REUSED:
        assert twice == []
        accepted = [max(bar.session.accepted_at, picture.start) for bar in in_lanes]
        assert [bar.start for bar in in_lanes] == accepted
