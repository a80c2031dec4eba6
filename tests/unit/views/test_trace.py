"""The trace, held against the rules of its format and against the snapshot that it shows."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.record import Record
from server.registry import HISTORY, Snapshot
from server.ticks import TICKS
from server.views.trace import MESSAGES, trace_json
from tests.kit.running_server import RunningServer
from tests.kit.snapshots import EPOCH, MODELS, record, snapshot, snapshots
from tests.kit.waiting import wait_until

Event = dict[str, Any]
Span = tuple[str, float, float]  # a name, and from when to when

FIELDS = {  # what an event of each phase has, besides its name and whose it is
    "M": {"args"},
    "X": {"cat", "ts", "dur", "args"},
    "b": {"cat", "ts", "id2", "args"},
    "e": {"cat", "ts", "id2"},
    "i": {"cat", "ts", "s", "args"},
}


def events(snapshot: Snapshot, *phases: str) -> list[Event]:
    """The events of these phases, or all, in the order of the file."""
    trace = json.loads(trace_json(snapshot))
    return [event for event in trace["traceEvents"] if event["ph"] in (phases or FIELDS)]


def names(snapshot: Snapshot) -> dict[int, str]:
    """What the tracks are called; each has one name."""
    named = [event for event in events(snapshot, "M") if event["name"] == "thread_name"]
    tracks = {event["tid"]: event["args"]["name"] for event in named}
    assert len(tracks) == len(named)
    return tracks


def tracks(snapshot: Snapshot) -> dict[str, list[Event]]:
    """The slices on each track that has some."""
    name = names(snapshot)
    found: dict[str, list[Event]] = {}
    for event in events(snapshot, "X"):
        found.setdefault(name[event["tid"]], []).append(event)
    return found


def seconds(microseconds: int) -> float:
    """Since the moment that the snapshots of the tests count from."""
    return (microseconds - int(EPOCH) * 1_000_000) / 1_000_000


def spans(slices: Iterable[Event]) -> list[Span]:
    return [(one["name"], seconds(one["ts"]), seconds(one["ts"] + one["dur"])) for one in slices]


def queue(snapshot: Snapshot) -> list[Span]:
    """The waits in the queue by their ends; each begins once, and then ends once."""
    begun: dict[tuple[str, str], Event] = {}
    waits = []
    for event in events(snapshot, "b", "e"):
        key = event["cat"], event["id2"]["local"]
        if event["ph"] == "b":
            assert key not in begun
            begun[key] = event
        else:
            assert event["name"] == begun[key]["name"]
            waits.append((event["name"], seconds(begun[key]["ts"]), seconds(event["ts"])))
    assert len(waits) == len(begun)
    return waits


def outer_of_each(slices: Iterable[Event]) -> list[str | None]:
    """The slice that each stands in, for a viewer that reads them one after the other."""
    open_: list[Event] = []
    outer: list[str | None] = []
    for one in slices:
        while open_ and open_[-1]["ts"] + open_[-1]["dur"] <= one["ts"]:
            open_.pop()
        if open_:
            assert one["ts"] + one["dur"] <= open_[-1]["ts"] + open_[-1]["dur"]
        outer.append(open_[-1]["name"] if open_ else None)
        open_.append(one)
    return outer


def facts(record: Record) -> Event:
    return {
        "client": record.client,
        "peer": record.peer,
        "native_id": record.native_id,
        "messages": record.messages,
        "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out,
        "state": record.state,
        "end": record.end,
    }


def talkative(number: int) -> Record:
    """A session that has told more than is remembered of it."""
    ticks = [(number + i / 2, number + i / 2, 1) for i in range(TICKS + 5)]
    return record(number, accepted=0, served=number, closed=2_000, ticks=ticks)


@given(snapshots())
def test_an_event_has_the_fields_of_its_phase_and_whole_numbers(snapshot: Snapshot) -> None:
    for event in events(snapshot):
        assert set(event) == {"ph", "name", "pid", "tid"} | FIELDS[event["ph"]]
        numbers = [event[key] for key in ("pid", "tid", "ts", "dur") if key in event]
        assert all(type(number) is int and number >= 0 for number in numbers)


@given(snapshots())
def test_the_names_come_first_and_then_times_ascend(snapshot: Snapshot) -> None:
    times = [event.get("ts", 0) for event in events(snapshot)]
    assert times == sorted(times)


@given(snapshots())
def test_each_thread_has_a_track_and_they_stand_in_order(snapshot: Snapshot) -> None:
    threads = {(one.thread, one.native_id) for one in snapshot.sessions if one.thread}
    named = names(snapshot)
    assert sorted(named.values()) == sorted(
        ["MainThread", *(f"{name} ({native_id})" for name, native_id in threads)]
    )
    assert {event["tid"] for event in events(snapshot)} == set(named)
    order = [event for event in events(snapshot, "M") if event["name"] == "thread_sort_index"]
    assert [event["tid"] for event in order] == [tid for tid in named if tid != snapshot.pid]
    places = [event["args"]["sort_index"] for event in order]
    assert places == sorted(set(places))


@given(snapshots())
def test_slices_stand_in_each_other_or_side_by_side(snapshot: Snapshot) -> None:
    for slices in tracks(snapshot).values():
        outer_of_each(slices)


@given(st.lists(st.floats(0, 0.000_005), min_size=8, max_size=8).map(sorted))
def test_they_do_so_however_short_they_are(moments: list[float]) -> None:
    sessions = [
        record(
            number,
            accepted=0,
            served=served,
            closed=closed,
            thread="Worker-1",
            native_id=7,
            ticks=[(began, ended, 1)],
        )
        for number, (served, began, ended, closed) in [(1, moments[:4]), (2, moments[4:])]
    ]
    (slices,) = tracks(snapshot(*sessions, at=1, model="pool")).values()
    outer_of_each(slices)
    assert [one["cat"] for one in slices] == ["session", "message"] * 2


@given(snapshots())
def test_each_session_that_was_served_is_a_slice_with_all_its_figures(snapshot: Snapshot) -> None:
    served = [one for one in snapshot.sessions if one.served_at is not None]
    slices = [one for one in events(snapshot, "X") if one["cat"] == "session"]
    assert {one["name"]: one["args"] for one in slices} == {
        f"#{one.number} {one.client}": facts(one) for one in served
    }
    assert len(slices) == len(served)


@given(snapshots())
def test_the_messages_of_a_session_are_behind_it_on_its_track(snapshot: Snapshot) -> None:
    for slices in tracks(snapshot).values():
        due = 0
        for one in slices:
            if one["cat"] == "session":
                assert due == 0
                due = one["args"]["messages"]
            elif one["cat"] == "message":
                due -= one["args"]["messages"]
        assert due == 0


@given(snapshots())
def test_only_who_waits_without_a_thread_is_in_the_queue(snapshot: Snapshot) -> None:
    threadless = [
        one for one in snapshot.sessions if snapshot.model == "pool" or one.thread is None
    ]
    found = [name for name, _, _ in queue(snapshot)]
    assert sorted(found) == sorted(f"#{one.number} {one.client} waits" for one in threadless)


def test_with_a_thread_for_each_client_sessions_stand_side_by_side() -> None:
    page = snapshot(
        record(1, accepted=0, served=0, closed=4, client="ann", ticks=[(1, 1.5, 1), (2, 3, 7)]),
        record(2, accepted=1, served=1, client="ben", ticks=[(1, 2, 1)]),
        record(3, accepted=5),
        at=6,
    )
    assert {track: spans(slices) for track, slices in tracks(page).items()} == {
        "Thread-1 (1001)": [("#1 ann", 0, 4), ("message", 1, 1.5), ("7 messages", 2, 3)],
        "Thread-2 (1002)": [("#2 ben", 1, 6), ("message", 1, 2)],
    }
    first, second = tracks(page).values()
    assert outer_of_each(first) == [None, "#1 ann", "#1 ann"]
    assert outer_of_each(second) == [None, "#2 ben"]
    assert [one["args"] for one in first[1:]] == [{"messages": 1}, {"messages": 7}]


def test_a_session_waits_for_the_lock_on_the_track_of_its_thread() -> None:
    gone = record(3, accepted=2, closed=3, client="cid", thread="Thread-3", end="closing")
    page = snapshot(
        record(1, accepted=0, served=0, closed=4, client="ann"),
        record(2, accepted=1, served=4, client="ben"),
        gone,
        record(4, accepted=4, client="dan", thread="Thread-4"),
        at=6,
        model="lock",
    )
    assert {track: spans(slices) for track, slices in tracks(page).items()} == {
        "Thread-1 (1001)": [("#1 ann", 0, 4)],
        "Thread-2 (1002)": [("waiting", 1, 4), ("#2 ben", 4, 6)],
        "Thread-3 (1003)": [("waiting", 2, 3)],
        "Thread-4 (1004)": [("waiting", 4, 6)],
    }
    assert tracks(page)["Thread-3 (1003)"][0]["args"] == facts(gone)
    assert queue(page) == []


def test_in_a_pool_sessions_wait_in_the_queue_and_then_share_a_track() -> None:
    gone = record(4, accepted=2, closed=3, client="dan", end="closing")
    page = snapshot(
        record(1, accepted=0, served=0, closed=2, client="ann", thread="Worker-1", native_id=7),
        record(2, accepted=1, served=2, closed=5, client="ben", thread="Worker-1", native_id=7),
        record(3, accepted=1, client="cid"),
        gone,
        at=6,
        model="pool",
    )
    assert {track: spans(slices) for track, slices in tracks(page).items()} == {
        "Worker-1 (7)": [("#1 ann", 0, 2), ("#2 ben", 2, 5)],
    }
    assert queue(page) == [
        ("#1 ann waits", 0, 0),
        ("#2 ben waits", 1, 2),
        ("#4 dan waits", 2, 3),
        ("#3 cid waits", 1, 6),
    ]
    begins = {one["name"]: one["args"] for one in events(page, "b")}
    assert begins["#4 dan waits"] == facts(gone)


def test_who_is_refused_is_a_mark_for_the_whole_process() -> None:
    page = snapshot(at=9, refusals=[1, 1.125, 2])
    marks = events(page, "i")
    assert [(one["name"], one["args"], seconds(one["ts"])) for one in marks] == [
        ("2 refused", {"refused": 2}, 1),
        ("refused", {"refused": 1}, 2),
    ]
    assert {one["s"] for one in marks} == {"p"}


@pytest.mark.parametrize("model", MODELS)
def test_the_process_is_named_after_its_model(model: str) -> None:
    (process,) = (one for one in events(snapshot(at=1, model=model)) if "process" in one["name"])
    assert process["pid"] == 4321
    assert process["args"] == {"name": f"thread-lanes, model {model}"}


def test_two_threads_that_had_the_same_id_of_the_system_have_a_track_each() -> None:
    page = snapshot(
        record(1, accepted=0, served=0, closed=2, native_id=27),
        record(2, accepted=1, served=1, closed=3, native_id=27),
        at=4,
    )
    assert list(tracks(page)) == ["Thread-1 (27)", "Thread-2 (27)"]


def test_no_track_is_taken_for_the_main_thread_even_in_a_container() -> None:
    page = replace(snapshot(record(1, accepted=0, served=0), at=1), pid=1)
    assert names(page)[1] == "MainThread"
    assert 1 not in {event["tid"] for event in events(page, "X")}


@pytest.mark.parametrize(
    "client", ["<script>alert(1)</script>", "\"'\\}]", "\0\x1b\n\u2028", "\ud800"]
)
def test_whatever_a_client_is_called_the_file_can_be_read(client: str) -> None:
    page = snapshot(
        record(1, accepted=0, served=1, client=client), record(2, accepted=0, client=client), at=2
    )
    assert trace_json(page).isascii()
    assert [one["args"]["client"] for one in events(page, "X") if one["cat"] == "session"] == [
        client
    ]
    assert [name for name, _, _ in queue(page)] == [f"#2 {client} waits"]


def test_messages_are_slices_for_the_newest_sessions_and_counted_for_all() -> None:
    fitting = MESSAGES // TICKS
    page = snapshot(*(talkative(number) for number in range(1, fitting + 11)), at=3_000)
    found = tracks(page).values()
    assert [len(slices) for slices in found] == [2] * 10 + [2 + TICKS] * fitting
    sessions = [one for slices in found for one in slices if one["cat"] == "session"]
    assert [one["args"]["messages"] for one in sessions] == [TICKS + 5] * (fitting + 10)
    assert json.loads(trace_json(page))["otherData"]["messages_from_session"] == 11


@pytest.mark.parametrize("model", MODELS)
def test_the_file_is_under_two_megabytes_however_much_is_remembered(model: str) -> None:
    one = replace(talkative(1), client="c" * 63, bytes_in=10**12, bytes_out=10**12)
    sessions = [
        replace(one, number=number, thread=f"Thread-{number}", native_id=10**6 + number)
        for number in range(1, HISTORY + 257)
    ]
    refusals = range(0, 2 * TICKS, 2)
    page = snapshot(*sessions, at=3_000, model=model, refusals=refusals)
    assert 1_000_000 < len(trace_json(page)) < 2_000_000


def test_two_who_are_served_at_once_are_seen_side_by_side(
    start_server: Callable[..., RunningServer],
) -> None:
    server = start_server()
    ann, ben = server.greeted(), server.greeted()
    for peer in (ann, ben, ann):
        peer.say("Hey")
    ann.close()
    server.ended(1)
    wait_until(lambda: any(server.record(2).ticks))
    page = server.registry.snapshot()
    first, second = (
        [one for one in slices if one["cat"] != "wait"] for slices in tracks(page).values()
    )
    assert first[0]["args"] == facts(page.sessions[0])
    assert sum(one["args"]["messages"] for one in first[1:]) == 2
    assert set(outer_of_each(first)[1:]) == {first[0]["name"]}
    assert outer_of_each(second) == [None, second[0]["name"]]
    assert first[0]["ts"] < second[0]["ts"] < first[0]["ts"] + first[0]["dur"]
