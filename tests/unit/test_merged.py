"""Several servers' pictures as one, and their traces as one: nothing is lost, nothing mixed up."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.record import Record
from server.registry import Snapshot
from server.status import Answer, Unwell
from server.views.layout import LANES, QUEUE, picture_of
from server.views.merged import merge_pictures, merge_traces
from server.views.picture import Picture
from server.views.trace import trace_json
from tests.unit.snapshots import EPOCH, record, snapshot, snapshots

SPAN = 10  # seconds


def of(replica: str, *records: Record, at: float = 10, model: str = "thread") -> Snapshot:
    """What a replica's registry has, whose threads and sessions bear its name."""
    named = [
        replace(one, replica=replica, thread=one.thread and f"{replica}/{one.thread}")
        for one in records
    ]
    return snapshot(*named, at=at, model=model, replica=replica)


def answer(taken: Snapshot, place: int = 1) -> Answer:
    picture = picture_of(taken, SPAN)
    return Answer(f"10.0.0.{place}", picture.to_json().encode(), ahead=0.25, within=0.001)


def merged(*taken: Snapshot) -> Picture:
    return merge_pictures([answer(one, place) for place, one in enumerate(taken, 1)])


def traced(*taken: Snapshot) -> list[dict[str, Any]]:
    answers = [
        Answer(f"10.0.0.{place}", trace_json(one).encode(), ahead=-0.5, within=0.002)
        for place, one in enumerate(taken, 1)
    ]
    events: list[dict[str, Any]] = json.loads(merge_traces(answers))["traceEvents"]
    return events


ONE = of("server-1", record(1, accepted=1, served=1, closed=3), record(2, accepted=2, served=2))
TWO = of("server-2", record(1, accepted=4, served=4))


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


def test_who_did_not_answer_is_named_and_so_is_how_far_each_clock_is_ahead() -> None:
    nobody = Unwell("no answer from 10.0.0.9 port 8022: timed out")
    one, other = merge_pictures([answer(ONE)], [nobody]).replicas
    clock = "clock +0.250 s (\N{PLUS-MINUS SIGN}0.001)"
    assert one == f"server-1 at 10.0.0.1: {clock}, served at once 1 (peak 1), messages 0"
    assert other == str(nobody)


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
    assert (len(picture.lanes), picture.lanes_more) == (LANES, 2 * (LANES - 1) - LANES)
    assert (len(picture.queue), picture.queue_more) == (QUEUE, QUEUE)


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


@pytest.mark.parametrize("body", [b"", b"ok\n", b"[]", b"{}", b'{"refusals": [1]}'])
def test_what_is_no_picture_or_no_trace_is_an_error_that_says_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="no picture that this version knows"):
        merge_pictures([Answer("10.0.0.1", body, 0.0, 0.0)])
    with pytest.raises(ValueError, match="no trace that this version knows"):
        merge_traces([Answer("10.0.0.1", body, 0.0, 0.0)])


def test_in_the_trace_each_replica_is_a_process_with_its_clock_beside_its_name() -> None:
    named = [event for event in traced(TWO, ONE) if event["name"] == "process_name"]
    clock = "clock -0.500 s (\N{PLUS-MINUS SIGN}0.002)"
    assert [event["args"]["name"] for event in named] == [
        f"server-1 at 10.0.0.2, {clock}, thread-lanes, model thread",
        f"server-2 at 10.0.0.1, {clock}, thread-lanes, model thread",
    ]
    assert len({event["pid"] for event in named}) == 2


@given(st.lists(snapshots(), min_size=1, max_size=3))
def test_in_the_trace_no_two_replicas_share_a_track_and_no_event_is_lost(
    taken: list[Snapshot],
) -> None:
    separate = [json.loads(trace_json(one))["traceEvents"] for one in taken]
    events = traced(*taken)
    assert len(events) == sum(map(len, separate)) + len(taken)  # a place in the order for each
    tracks = {(event["pid"], event["tid"]) for event in events}
    assert len(tracks) == sum(len({event["tid"] for event in one}) for one in separate)
    assert len({tid for _, tid in tracks}) == len(tracks)
    times = [event.get("ts", 0) for event in events]
    assert times == sorted(times)
