"""Several servers' pictures as one: nothing is lost, nothing mixed up."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.registry import Snapshot
from server.status import Answer, Unwell
from server.views.layout import LANES, QUEUE, picture_of
from server.views.merged import merge_pictures
from server.views.picture import Picture
from tests.kit.replicas import ONE, TWO, of
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH, record, snapshot, snapshots

SPAN = 10  # seconds


def changed(**facts: object) -> bytes:
    """A picture but for these facts."""
    return json.dumps(json.loads(picture_of(ONE).to_json()) | facts).encode()


def answer(
    taken: Snapshot, place: int = 1, ahead: float = 0.0, seconds: float | None = SPAN
) -> Answer:
    body = picture_of(taken, seconds).to_json().encode()
    return Answer(f"10.0.0.{place}", body, ahead, within=0.001)


def merged(*taken: Snapshot) -> Picture:
    return merge_pictures([answer(one, place) for place, one in enumerate(taken, 1)])


def threads(picture: Picture) -> list[str]:
    return [lane.thread for lane in picture.lanes]


def test_all_lanes_stand_in_one_picture_each_with_the_name_of_its_replica() -> None:
    picture = merged(TWO, ONE)
    assert threads(picture) == ["server-1/Thread-1", "server-1/Thread-2", "server-2/Thread-1"]
    assert [(one.replica, one.number) for one in picture.sessions()] == [
        ("server-1", 1),
        ("server-1", 2),
        ("server-2", 1),
    ]
    assert picture.figures()["served at once"] == "2"  # without a peak: theirs were not at once
    assert picture.model == "thread"
    assert merged(ONE, of("server-3", client(1, 1, 1), model="lock")).model == "lock and thread"


def test_replicas_stand_in_the_order_of_the_numbers_in_their_names() -> None:
    tasks = [of(f"server-{number}", client(1, 1, 1)) for number in (10, 9, 1)]
    assert threads(merged(*tasks)) == [f"server-{number}/Thread-1" for number in (1, 9, 10)]


def test_sessions_and_refusals_stand_in_the_order_of_time_wherever_they_were() -> None:
    early, late = of("b", client(7, 1, 1)), of("a", client(1, 2, 2))
    assert [one.replica for one in merged(late, early).sessions()] == ["b", "a"]
    refusing = [snapshot(at=10, refusals=moments) for moments in ([1, 3], [2])]
    assert [at - EPOCH for at, _ in merged(*refusing).refusals] == [1, 2, 3]


def test_replicas_of_one_name_or_none_are_told_apart_by_their_addresses() -> None:
    picture = merged(TWO, TWO)
    names = ["server-2@10.0.0.1/Thread-1", "server-2@10.0.0.2/Thread-1"]
    assert threads(picture) == [one.thread for one in picture.sessions()] == names
    alone = snapshot(client(1, 1, 1), client(2, 1), at=10, model="pool")
    picture = merged(alone, alone)
    assert threads(picture) == ["10.0.0.1/Thread-1", "10.0.0.2/Thread-1"]
    assert [row[0].session.replica for row in picture.queue] == ["10.0.0.1", "10.0.0.2"]


def test_a_line_tells_of_each_replica_and_of_each_that_did_not_answer() -> None:
    nobody = Unwell("no answer from 10.0.0.9 port 8022: timed out")
    one, other = merge_pictures([answer(ONE)], [nobody]).replicas
    clock = "clock +0.000 s from here (\N{PLUS-MINUS SIGN}0.001)"
    assert one == f"server-1 at 10.0.0.1: {clock}, serves 1 (peak 1), messages 0"
    assert other == str(nobody)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"ok\n", b"[]", b"{}"),
        changed(at="noon"),
        changed(queue=[[]]),
        changed(refusals=[1]),
        changed(lanes=[{}]),
        changed(colour="new"),
    ],
)
def test_one_that_cannot_be_read_is_named_and_all_others_are_drawn(body: bytes) -> None:
    strange = Answer("10.0.0.2", body, 0.0, 0.0)
    picture = merge_pictures([strange, answer(ONE)])
    assert threads(picture) == ["server-1/Thread-1", "server-1/Thread-2"]
    assert "10.0.0.2: what it tells is no picture that this version knows" in picture.replicas
    with pytest.raises(ValueError, match="no picture that this version knows"):
        merge_pictures([strange])


def test_only_a_clock_that_is_off_for_certain_is_corrected_and_then_in_every_moment() -> None:
    served = record(1, accepted=1, served=2, closed=3, ticks=[(2.5, 2.5, 1)])
    late = of("server-2", served, record(2, accepted=4))
    late = replace(late, refusals=snapshot(at=10, refusals=[5]).refusals)
    right = merge_pictures([answer(late)])
    picture = merge_pictures([answer(late, ahead=-2.0)])
    assert (picture.start, picture.at) == (right.start + 2, right.at + 2)
    assert picture.refusals == ((EPOCH + 7, 1),)
    [bar], [waiting] = picture.lanes[0].bars, picture.queue[0]
    moments = (EPOCH + 3, EPOCH + 4, EPOCH + 5)
    assert (bar.start, bar.turn, bar.end, bar.ticks) == (*moments, (EPOCH + 4.5,))
    session = bar.session
    assert (session.accepted_at, session.served_at, session.closed_at) == moments
    assert (waiting.start, waiting.end) == (EPOCH + 6, picture.at)
    assert picture.sessions()[1].served_at is None
    assert merge_pictures([answer(late, ahead=2.0)]).at == right.at - 2
    assert merge_pictures([answer(late, ahead=0.0009)]).at == right.at  # it may be right


def test_what_goes_on_goes_on_until_now_though_it_was_drawn_a_moment_earlier() -> None:
    early = of("server-1", client(1, 1, 1), client(2, 1, thread="Thread-2"), at=9)
    picture = merged(early, of("server-2", client(1, 1, 1, 2), at=9.5))
    serving, waiting, over = (lane.bars[0] for lane in picture.lanes)
    assert picture.at == EPOCH + 9.5
    assert (serving.turn, serving.end) == (EPOCH + 1, picture.at)
    assert (waiting.turn, waiting.end) == (picture.at, picture.at)
    assert over.end == EPOCH + 2


def crowd(replica: str, lanes: int, waiting: int) -> Snapshot:
    served = (client(number, 1, 1) for number in range(lanes))
    return of(replica, *served, *(client(lanes + number, 2) for number in range(waiting)))


def test_what_is_not_drawn_is_counted_and_so_is_what_a_replica_had_left_out_itself() -> None:
    alone = merged(crowd("a", LANES + 3, QUEUE + 2))
    assert (alone.lanes_more, alone.queue_more) == (3, 2)
    picture = merged(crowd("a", LANES - 1, QUEUE), crowd("b", LANES - 1, QUEUE))
    assert picture.peak_serving == LANES - 1  # the most that one has served
    assert (len(picture.lanes), picture.lanes_more) == (LANES, 2 * (LANES - 1) - LANES)
    assert (len(picture.queue), picture.queue_more) == (QUEUE, QUEUE)
    # Of each queue as much; and they stand one after the other.
    owners = [row[0].session.replica for row in picture.queue]
    assert owners == ["a"] * (QUEUE // 2) + ["b"] * (QUEUE // 2)


@settings(max_examples=50)
@given(st.lists(snapshots(), min_size=1, max_size=3))
def test_figures_add_up_and_each_session_is_drawn_where_there_is_room(
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


def test_a_replica_without_clients_does_not_stretch_the_window() -> None:
    busy, idle = ONE, of("server-2")
    starts = [picture_of(one).start for one in (busy, idle)]
    assert starts[0] > starts[1]
    answers = [answer(one, seconds=None) for one in (busy, idle)]
    assert merge_pictures(answers).start == starts[0]
    assert merge_pictures(answers[1:]).start == starts[1]
