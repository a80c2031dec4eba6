"""The trace, checked against the rules of its format and the snapshot that it shows."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lanes.session import Session
from lanes.snapshot import Snapshot
from lanes.trace import MESSAGES, trace_json
from server.chat.record import Record
from server.chat.ticks import TICKS
from tests.kit import scenes
from tests.kit.documents import snapshot, snapshots
from tests.kit.replicas import ONE, TWO, merged
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH, REUSED, record

Event = dict[str, Any]
Span = tuple[str, int, int, Event]  # name, start, end, facts

FIELDS = {  # the fields of each phase's events, in addition to name, process and thread
    "M": {"args", "ts"},
    "X": {"cat", "ts", "dur", "args"},
    "b": {"cat", "ts", "id2", "args"},
    "e": {"cat", "ts", "id2"},
    "i": {"cat", "ts", "s", "args"},
}


class Trace:
    """A snapshot's trace, read as a viewer reads it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.text = trace_json(snapshot)
        self.file = json.loads(self.text)
        self.events: list[Event] = self.file["traceEvents"]
        named = [one for one in self.events if one["name"] == "thread_name"]
        self.names = {one["tid"]: one["args"]["name"] for one in named}
        assert len(self.names) == len(named)
        self.tracks: dict[str, list[Event]] = {}  # the slices on each track
        for one in self.of("X"):
            self.tracks.setdefault(self.names[one["tid"]], []).append(one)

    def of(self, phase: str) -> list[Event]:
        return [one for one in self.events if one["ph"] == phase]

    def queue(self) -> list[Span]:
        """The waits in the queue; each begins once and ends once."""
        begun, ended = (
            {(one["cat"], one["name"], one["id2"]["local"]): one for one in self.of(phase)}
            for phase in "be"
        )
        assert begun.keys() == ended.keys()
        assert 2 * len(begun) == len(self.of("b")) + len(self.of("e"))
        pairs = [(one, ended[key]["ts"]) for key, one in begun.items()]
        return [(one["name"], one["ts"], end, one["args"]) for one, end in pairs]


def span(one: Event) -> Span:
    return one["name"], one["ts"], one["ts"] + one["dur"], one["args"]


def microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def outer_of_each(slices: Iterable[Event]) -> list[str | None]:
    """Return the slice that each one is in, for a viewer that reads them in order."""
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


def facts(record: Session) -> Event:
    shown = ("client", "peer", "native_id", "messages", "bytes_in", "bytes_out", "state", "end")
    return {name: getattr(record, name) for name in shown}


def talkative(number: int) -> Record:
    """A session with more messages than are remembered."""
    ticks = [(number + i / 2, number + i / 2, 1) for i in range(TICKS + 5)]
    return record(number, accepted=0, served=number, closed=2_000, ticks=ticks)


@given(snapshots())
def test_events_have_the_fields_of_their_phase_and_ascend_and_nest(snapshot: Snapshot) -> None:
    trace = Trace(snapshot)
    for event in trace.events:
        assert set(event) == {"ph", "name", "pid", "tid"} | FIELDS[event["ph"]]
        numbers = [event[key] for key in ("pid", "tid", "ts", "dur") if key in event]
        assert all(type(number) is int and number >= 0 for number in numbers)
    times = [event["ts"] for event in trace.events]
    assert times == sorted(times)
    for slices in trace.tracks.values():
        outer_of_each(slices)
        due = 0  # the messages of a session come after it
        for one in slices:
            if one["cat"] == "session":
                assert due == 0
                due = one["args"]["messages"]
            elif one["cat"] == "message":
                due -= one["args"]["messages"]
        assert due == 0


@given(snapshots(), st.sampled_from([1, 4321]))  # in a container the pid may be 1
def test_each_thread_has_a_track_of_its_own_in_order(snapshot: Snapshot, pid: int) -> None:
    trace = Trace(replace(snapshot, pid=pid))
    threads = {f"{one.thread} ({one.native_id})" for one in snapshot.sessions if one.thread}
    assert trace.names.pop(pid) == "MainThread"
    assert sorted(trace.names.values()) == sorted(threads)
    assert {event["pid"] for event in trace.events} == {pid}
    assert {event["tid"] for event in trace.of("X")} <= set(trace.names)
    assert {event["tid"] for event in trace.events} == {pid, *trace.names}
    names = [event for event in trace.of("M") if event["name"] != "thread_name"]
    process, place, *order = names
    assert process["args"] == {"name": f"thread-lanes, model {snapshot.model}"}
    assert place["args"] == {"sort_index": pid}
    assert [event["tid"] for event in order] == list(trace.names)
    places = [event["args"]["sort_index"] for event in order]
    assert places == sorted(set(places))


@given(snapshots())
def test_sessions_wait_on_their_tracks_or_in_the_queue_and_are_served(snapshot: Snapshot) -> None:
    queue, on_tracks = [], []
    for one in snapshot.sessions:
        end = microseconds(one.closed_at or snapshot.at)
        begin, turn = microseconds(one.accepted_at), microseconds(one.served_at or 0) or end
        who, track = f"#{one.number} {one.client}", f"{one.thread} ({one.native_id})"
        unserved = {} if one.served_at else facts(one)
        if one.thread is None or snapshot.model in REUSED:
            queue.append((f"{who} waits", begin, turn, unserved))
        elif begin < turn:
            on_tracks.append((track, "waiting", begin, turn, unserved))
        if one.served_at:
            on_tracks.append((track, who, turn, end, facts(one)))
    trace = Trace(snapshot)
    slices = [(track, one) for track, slices in trace.tracks.items() for one in slices]
    shown = [(track, *span(one)) for track, one in slices if one["cat"] != "message"]
    assert sorted(trace.queue(), key=str) == sorted(queue, key=str)
    assert sorted(shown, key=str) == sorted(on_tracks, key=str)


@given(st.lists(st.floats(0, 0.000_005), min_size=8, max_size=8).map(sorted))
def test_slices_of_no_length_still_nest(moments: list[float]) -> None:
    thread: dict[str, Any] = {"thread": "Worker-1", "native_id": 7}
    sessions = [
        record(n, accepted=0, served=served, closed=closed, ticks=[(began, ended, 1)], **thread)
        for n, (served, began, ended, closed) in [(1, moments[:4]), (2, moments[4:])]
    ]
    (slices,) = Trace(snapshot(*sessions, at=1, model="pool")).tracks.values()
    outer_of_each(slices)
    assert [one["cat"] for one in slices] == ["session", "message"] * 2


def test_each_of_three_clients_has_a_slice_on_its_track_with_its_messages() -> None:
    tracks = Trace(scenes.WALL).tracks
    assert list(tracks) == ["Thread-1 (1001)", "Thread-2 (1002)", "Thread-3 (1003)"]
    second = tracks["Thread-2 (1002)"]
    assert outer_of_each(second) == [None, "#2 c-2", "#2 c-2"]
    moments = [microseconds(EPOCH + at) for at in (1.5, 3.5, 1.5, 1.625, 2, 2.25)]
    assert list(map(span, second)) == [
        ("#2 c-2", *moments[:2], facts(scenes.WALL.sessions[1])),
        ("message", *moments[2:4], {"messages": 1}),
        ("2 messages", *moments[4:], {"messages": 2}),
    ]


def test_a_client_of_an_unknown_thread_is_an_event_beside_the_tracks() -> None:
    one = replace(scenes.WALL.sessions[1], thread=None, native_id=None, how="polled")
    trace = Trace(replace(scenes.WALL, sessions=(one,)))
    began, ended = (microseconds(EPOCH + at) for at in (1.5, 3.5))
    is_served = "#2 c-2", began, ended, facts(one)
    assert trace.queue() == [("#2 c-2 waits", began, began, {}), is_served]
    assert trace.tracks == {}


def test_each_refusal_is_a_mark_for_the_whole_process() -> None:
    marks = Trace(snapshot(at=9, refusals=[1, 1.125, 2])).of("i")
    assert [(one["name"], one["args"], one["ts"], one["s"]) for one in marks] == [
        ("2 refused", {"refused": 2}, microseconds(EPOCH + 1), "p"),
        ("refused", {"refused": 1}, microseconds(EPOCH + 2), "p"),
    ]


def test_two_threads_with_the_same_os_id_have_a_track_each() -> None:
    page = snapshot(client(1, 0, 0, 2, native_id=27), client(2, 1, 1, native_id=27), at=4)
    assert list(Trace(page).tracks) == ["Thread-1 (27)", "Thread-2 (27)"]


def test_the_newest_sessions_have_slices_for_messages_and_all_have_counts() -> None:
    fitting, older = MESSAGES // TICKS, 6  # with more than 16, the document itself merges ticks
    page = snapshot(*(talkative(number) for number in range(1, older + fitting + 1)), at=3_000)
    trace = Trace(page)
    slices = [len(track) for track in trace.tracks.values()]
    assert slices == [2] * older + [2 + TICKS] * fitting
    sessions = [one for one in trace.of("X") if one["cat"] == "session"]
    assert [one["args"]["messages"] for one in sessions] == [TICKS + 5] * (older + fitting)
    assert trace.file["otherData"]["messages_from_session"] == older + 1


def test_each_replica_is_a_process_with_its_clock_shown_and_no_time_moved() -> None:
    events = json.loads(trace_json(merged(TWO, ONE, ahead=-0.5)))["traceEvents"]
    named = [event for event in events if event["name"] == "process_name"]
    clock = "clock -0.500 s from here (\N{PLUS-MINUS SIGN}0.001)"
    assert [event["args"]["name"] for event in named] == [
        f"server-1 at 10.0.0.2, {clock}, thread-lanes, model thread",
        f"server-2 at 10.0.0.1, {clock}, thread-lanes, model thread",
    ]
    assert len({event["pid"] for event in named}) == 2
    alone = [*Trace(ONE).of("X"), *Trace(TWO).of("X")]
    moments = sorted(one["ts"] for one in alone)
    assert sorted(one["ts"] for one in events if one["ph"] == "X") == moments


@given(st.lists(snapshots(), min_size=2, max_size=3))
def test_no_two_replicas_share_a_track_and_no_event_is_lost(taken: list[Snapshot]) -> None:
    separate = [Trace(one).events for one in taken]
    events = json.loads(trace_json(merged(*taken)))["traceEvents"]
    assert len(events) == sum(map(len, separate))
    tracks = {(event["pid"], event["tid"]) for event in events}
    assert len(tracks) == sum(len({event["tid"] for event in one}) for one in separate)
    assert len({tid for _, tid in tracks}) == len(tracks)
    times = [event["ts"] for event in events]
    assert times == sorted(times)
