"""Several servers' traces as one: no event is lost, no track is shared."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.registry import Snapshot
from server.status import Answer
from server.views.merged_trace import merge_traces
from server.views.trace import trace_json
from tests.kit.replicas import ONE, TWO
from tests.kit.snapshots import snapshots


def traced(*taken: Snapshot, ahead: float = 0.0) -> list[dict[str, Any]]:
    answers = [
        Answer(f"10.0.0.{place}", trace_json(one).encode(), ahead, within=0.002)
        for place, one in enumerate(taken, 1)
    ]
    events: list[dict[str, Any]] = json.loads(merge_traces(answers))["traceEvents"]
    return events


def test_each_replica_is_a_process_with_its_clock_beside_its_name() -> None:
    named = [event for event in traced(TWO, ONE, ahead=-0.5) if event["name"] == "process_name"]
    clock = "clock -0.500 s from here (\N{PLUS-MINUS SIGN}0.002)"
    assert [event["args"]["name"] for event in named] == [
        f"server-1 at 10.0.0.2, {clock}, thread-lanes, model thread",
        f"server-2 at 10.0.0.1, {clock}, thread-lanes, model thread",
    ]
    assert len({event["pid"] for event in named}) == 2


@settings(max_examples=50)
@given(st.lists(snapshots(), min_size=1, max_size=3))
def test_no_two_replicas_share_a_track_and_no_event_is_lost(taken: list[Snapshot]) -> None:
    separate = [json.loads(trace_json(one))["traceEvents"] for one in taken]
    events = traced(*taken)
    assert len(events) == sum(map(len, separate)) + len(taken)  # a place in the order for each
    tracks = {(event["pid"], event["tid"]) for event in events}
    assert len(tracks) == sum(len({event["tid"] for event in one}) for one in separate)
    assert len({tid for _, tid in tracks}) == len(tracks)
    times = [event.get("ts", 0) for event in events]
    assert times == sorted(times)


def test_a_clock_that_is_off_for_certain_is_corrected() -> None:
    def times(ahead: float) -> list[int]:
        return [event["ts"] for event in traced(ONE, ahead=ahead) if "ts" in event]

    assert times(-0.5) == [at + 500_000 for at in times(0.0)]
    assert times(0.001) == times(0.0)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"ok\n", b"[]", b"{}"),
        b'{"otherData": {"replica": "a"}}',
        b'{"otherData": {"replica": "a"}, "traceEvents": 5}',
        b'{"otherData": {"replica": "a"}, "traceEvents": [{"name": "x"}]}',
    ],
)
def test_what_is_no_trace_is_an_error_that_says_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="no trace that this version knows"):
        merge_traces([Answer("10.0.0.1", body, 0.0, 0.0)])
