"""Several servers' pictures as one: nothing is lost, nothing mixed up."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.registry import Snapshot
from server.status import Answer, Unwell
from server.views.layout import LANES, QUEUE, picture_of
from server.views.merged import merge_pictures
from server.views.picture import Picture
from tests.kit.replicas import ONE, TWO, of
from tests.kit.snapshots import EPOCH, record, snapshot, snapshots

SPAN = 10  # seconds


def changed(**facts: object) -> bytes:
    """A picture but for these facts."""
    return json.dumps(json.loads(picture_of(ONE).to_json()) | facts).encode()


STRANGE = [
    *(b"", b"ok\n", b"[]", b"{}"),
    changed(at="noon"),
    changed(queue=[[]]),
    changed(refusals=[1]),
    changed(lanes=[{}]),
    changed(colour="new"),
]


def answer(taken: Snapshot, place: int = 1, ahead: float = 0.0) -> Answer:
    picture = picture_of(taken, SPAN)
    return Answer(f"10.0.0.{place}", picture.to_json().encode(), ahead, within=0.001)


def merged(*taken: Snapshot) -> Picture:
    return merge_pictures([answer(one, place) for place, one in enumerate(taken, 1)])


def test_all_lanes_stand_in_one_picture_each_with_its_replicas_name() -> None:
    picture = merged(TWO, ONE)
    assert [lane.thread for lane in picture.lanes] == [
        "server-1/Thread-1",
        "server-1/Thread-2",
        "server-2/Thread-1",
    ]
    assert [(one.replica, one.number) for one in picture.sessions()] == [
        ("server-1", 1),
        ("server-1", 2),
        ("server-2", 1),
    ]


def test_what_a_replica_has_left_out_itself_is_counted_too() -> None:
    crowd = [record(number, accepted=1, served=1) for number in range(1, LANES + 4)]
    crowd += [record(100 + number, accepted=2) for number in range(QUEUE + 2)]
    picture = merged(of("a", *crowd))
    assert (picture.lanes_more, picture.queue_more) == (3, 2)


def test_sessions_stand_in_the_order_in_which_they_were_accepted_wherever_that_was() -> None:
    early, late = of("b", record(7, accepted=1, served=1)), of("a", record(1, accepted=2, served=2))
    assert [one.replica for one in merged(late, early).sessions()] == ["b", "a"]


def test_refusals_of_all_are_in_order() -> None:
    taken = [snapshot(at=10, refusals=moments) for moments in ([1, 3], [2])]
    assert [at - EPOCH for at, _ in merged(*taken).refusals] == [1, 2, 3]


def test_the_tenth_replica_stands_after_the_ninth() -> None:
    tasks = [of(f"server-{number}", record(1, accepted=1, served=1)) for number in (10, 9, 1)]
    assert [lane.thread for lane in merged(*tasks).lanes] == [
        f"server-{number}/Thread-1" for number in (1, 9, 10)
    ]


def test_a_server_and_the_one_that_takes_its_place_are_told_apart_by_their_addresses() -> None:
    picture = merged(TWO, TWO)
    assert [lane.thread for lane in picture.lanes] == [
        "server-2@10.0.0.1/Thread-1",
        "server-2@10.0.0.2/Thread-1",
    ]
    assert len(picture.sessions()) == 2
    assert {one.thread for one in picture.sessions()} == {lane.thread for lane in picture.lanes}


def test_servers_without_a_name_go_by_their_addresses() -> None:
    alone = snapshot(record(1, accepted=1, served=1), record(2, accepted=1), at=10, model="pool")
    picture = merged(alone, alone)
    threads = [lane.thread for lane in picture.lanes]
    assert threads == ["10.0.0.1/Thread-1", "10.0.0.2/Thread-1"]
    assert [row[0].session.replica for row in picture.queue] == ["10.0.0.1", "10.0.0.2"]


def test_a_line_tells_of_each_replica_and_of_whoever_did_not_answer() -> None:
    nobody = Unwell("no answer from 10.0.0.9 port 8022: timed out")
    one, other = merge_pictures([answer(ONE)], [nobody]).replicas
    clock = "clock +0.000 s from here (\N{PLUS-MINUS SIGN}0.001)"
    assert one == f"server-1 at 10.0.0.1: {clock}, serves 1 (peak 1), messages 0"
    assert other == str(nobody)


@pytest.mark.parametrize("body", STRANGE)
def test_one_that_cannot_be_read_is_named_and_all_others_are_drawn(body: bytes) -> None:
    strange = Answer("10.0.0.2", body, 0.0, 0.0)
    picture = merge_pictures([strange, answer(ONE)])
    assert [lane.thread for lane in picture.lanes] == ["server-1/Thread-1", "server-1/Thread-2"]
    assert "10.0.0.2: what it tells is no picture that this version knows" in picture.replicas
    with pytest.raises(ValueError, match="no picture that this version knows"):
        merge_pictures([strange])


def test_a_clock_that_is_off_for_certain_is_put_right() -> None:
    late = of(
        "server-2",
        record(1, accepted=1, served=2, closed=3, ticks=[(2.5, 2.5, 1)]),
        record(2, accepted=4),
        at=10,
    )
    late = replace(late, refusals=snapshot(at=10, refusals=[5]).refusals)
    right = merge_pictures([answer(late)])
    picture = merge_pictures([answer(late, ahead=-2.0)])
    assert (picture.start, picture.at) == (right.start + 2, right.at + 2)
    assert picture.refusals == ((EPOCH + 7, 1),)
    [bar], [waiting] = picture.lanes[0].bars, picture.queue[0]
    assert (bar.start, bar.turn, bar.end) == (EPOCH + 3, EPOCH + 4, EPOCH + 5)
    assert bar.ticks == (EPOCH + 4.5,)
    assert (waiting.start, waiting.end) == (EPOCH + 6, picture.at)
    session = bar.session
    assert (session.accepted_at, session.served_at, session.closed_at) == (
        EPOCH + 3,
        EPOCH + 4,
        EPOCH + 5,
    )
    assert picture.sessions()[1].served_at is None


def test_a_clock_that_may_be_right_is_believed() -> None:
    assert merge_pictures([answer(ONE, ahead=0.0009)]).at == EPOCH + 10


def test_no_peak_is_made_up_of_peaks_that_were_at_different_times() -> None:
    assert merged(ONE, TWO).figures()["served at once"] == "2"


def test_models_that_differ_are_all_named() -> None:
    lock = of("server-3", record(1, accepted=1, served=1), model="lock")
    assert merged(ONE, TWO).model == "thread"
    assert merged(ONE, lock).model == "lock and thread"


def test_what_goes_on_goes_on_until_now_though_it_was_drawn_a_moment_earlier() -> None:
    early = of(
        "server-1", record(1, accepted=1, served=1), record(2, accepted=2, thread="Thread-2"), at=9
    )
    picture = merged(early, of("server-2", record(1, accepted=1, served=1, closed=2), at=9.5))
    serving, waiting, over = (lane.bars[0] for lane in picture.lanes)
    assert picture.at == EPOCH + 9.5
    assert (serving.turn, serving.end) == (EPOCH + 1, picture.at)
    assert (waiting.turn, waiting.end) == (picture.at, picture.at)
    assert over.end == EPOCH + 2


def test_of_more_lanes_and_rows_than_are_drawn_the_rest_is_counted() -> None:
    crowd = [
        *(record(number, accepted=1, served=1) for number in range(1, LANES)),
        *(record(LANES + number, accepted=2) for number in range(QUEUE)),
    ]
    picture = merged(of("a", *crowd), of("b", *crowd))
    assert picture.peak_serving == LANES - 1  # the most that one has served
    assert (len(picture.lanes), picture.lanes_more) == (LANES, 2 * (LANES - 1) - LANES)
    assert (len(picture.queue), picture.queue_more) == (QUEUE, QUEUE)
    # Of each queue as much; and they stand one after the other.
    owners = [row[0].session.replica for row in picture.queue]
    assert owners == ["a"] * (QUEUE // 2) + ["b"] * (QUEUE // 2)


@given(st.lists(snapshots(), min_size=1, max_size=3))
def test_whatever_they_say_figures_add_up_and_each_session_is_drawn_where_there_is_room(
    taken: list[Snapshot],
) -> None:
    pictures = [picture_of(one, SPAN) for one in taken]
    picture = merged(*taken)
    for figure in ("open", "serving", "messages", "refused"):
        assert getattr(picture, figure) == sum(getattr(one, figure) for one in pictures)
    assert len(picture.refusals) == sum(len(one.refusals) for one in pictures)
    if not picture.queue_more:
        assert len(picture.sessions()) == sum(len(one.sessions()) for one in pictures)
    assert picture.at == max(one.at for one in pictures)
    assert picture.start in {one.start for one in pictures}
    assert all(bar.end >= picture.start for lane in picture.lanes for bar in lane.bars)


def test_a_replica_that_has_had_nobody_does_not_stretch_the_window() -> None:
    busy, idle = picture_of(ONE), picture_of(of("server-2", at=10))
    assert busy.at - busy.start < idle.at - idle.start
    answers = [Answer("10.0.0.1", one.to_json().encode(), 0.0, 0.0) for one in (busy, idle)]
    assert merge_pictures(answers).start == busy.start
    assert merge_pictures(answers[1:]).start == idle.start
