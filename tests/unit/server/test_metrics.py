"""The page that Prometheus scrapes, read as Prometheus reads it and compared with the snapshot."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from server.chat.histogram import LONG, SHORT
from server.chat.record import End
from server.chat.registry import Registry, Snapshot
from server.http.metrics import exposition
from server.log.writer import Counts
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH, snapshot, snapshots

MICRO = 1e-6  # seconds: the clock itself is not much finer
QUIET = Counts()  # an empty log


class Page:
    """The parsed page for a snapshot: each series once, with its value."""

    def __init__(self, snapshot: Snapshot, log: Counts = QUIET) -> None:
        self.families = list(text_string_to_metric_families(exposition(snapshot, log).decode()))
        samples = [sample for family in self.families for sample in family.samples]
        self.figures = {(one.name, tuple(one.labels.items())): one.value for one in samples}
        assert len(self.figures) == len(samples)

    def value(self, name: str) -> float:
        """The value of a metric without labels."""
        return self.figures[name, ()]

    def by_label(self, name: str) -> dict[str, float]:
        """The values of a metric with one label."""
        return {labels[0][1]: value for (one, labels), value in self.figures.items() if one == name}


def test_the_metrics_have_the_server_its_bytes_its_peak_and_its_log() -> None:
    gone, here = client(1, 2, 2, 4), client(2, 2, 2)
    gone.bytes_in, gone.bytes_out = 10, 100
    here.bytes_in, here.bytes_out = 20, 200
    taken = replace(snapshot(gone, here, at=9, started=2, model="pool"), peak_serving=6)
    page = Page(taken, Counts(emitted=9, written=5, dropped=3))
    assert page.figures["lanes_server_info", (("model", "pool"), ("protocol", "lines"))] == 1
    assert page.value("lanes_start_time_seconds") == EPOCH + 2
    assert page.value("lanes_sessions_serving_peak") == 6
    assert page.value("lanes_received_bytes_total") == 30
    assert page.value("lanes_sent_bytes_total") == 300
    assert page.by_label("lanes_log_records_total") == {"written": 5, "dropped": 3}


@given(snapshots())
def test_sessions_refusals_and_times_of_any_snapshot_add_up(snapshot: Snapshot) -> None:
    page, sessions = Page(snapshot), snapshot.sessions
    states, ends = Counter(one.state for one in sessions), Counter(one.end for one in sessions)
    open_, ended = page.by_label("lanes_sessions"), page.by_label("lanes_sessions_ended_total")
    refused = page.by_label("lanes_connections_refused_total")
    assert open_ == {state: states[state] for state in ("serving", "waiting")}
    assert ended == {end: ends[end] for end in get_args(End)}
    assert refused == snapshot.refused
    everybody = sum(open_.values()) + sum(ended.values()) + sum(refused.values())
    assert page.value("lanes_connections_total") == everybody

    closed = [(one, one.closed_at) for one in sessions if one.closed_at is not None]
    lasted = [end - one.accepted_at for one, end in closed]
    waited = [(one.served_at or end) - one.accepted_at for one, end in closed]
    for name, times in {"session": lasted, "waiting": waited}.items():
        within = {str(bound): sum(time <= bound for time in times) for bound in LONG}
        buckets = page.by_label(f"lanes_{name}_seconds_bucket")
        assert buckets == within | {"+Inf": len(times)}
        assert page.value(f"lanes_{name}_seconds_count") == len(times)
        assert page.value(f"lanes_{name}_seconds_sum") == pytest.approx(sum(times), abs=MICRO)

    messages = sum(one.messages for one in sessions)
    buckets = page.by_label("lanes_answer_seconds_bucket")
    assert list(buckets) == [*map(str, SHORT), "+Inf"]
    assert list(buckets.values()) == sorted(buckets.values())
    assert buckets["+Inf"] == page.value("lanes_answer_seconds_count") == messages
    took = sum(one.answers.sum for one in sessions)
    assert page.value("lanes_answer_seconds_sum") == pytest.approx(took, abs=MICRO)
    assert page.value("lanes_messages_total") == messages
    assert page.value("lanes_messages_refused_total") == sum(one.refused for one in sessions)


@given(snapshots())
def test_the_series_are_always_the_same_and_none_is_for_one_client(snapshot: Snapshot) -> None:
    idle = Registry(1, "", snapshot.settings).snapshot()
    assert list(Page(snapshot).figures) == list(Page(idle).figures)
    assert all(name.startswith("lanes_") for name, _ in Page(idle).figures)
    nobody = tuple(replace(one, client="nobody", peer="nowhere") for one in snapshot.sessions)
    assert exposition(snapshot, QUIET) == exposition(replace(snapshot, sessions=nobody), QUIET)


@example([0.1, 0.1, 0.4], 2)  # these floats have a smaller sum in another order
@given(st.lists(st.floats(0, 100), min_size=3, max_size=3), st.integers(0, 2))
def test_no_sum_falls_by_rounding_when_a_session_closes(seconds: list[float], leaves: int) -> None:
    registry = Registry(8, "", {"model": "thread", "protocol": "lines"})
    records = list(filter(None, (registry.admit("127.0.0.1:1") for _ in seconds)))
    for one, took in zip(records, seconds, strict=True):
        registry.serve(one)
        one.answers.observe(took)
    before = Page(registry.snapshot()).value("lanes_answer_seconds_sum")
    registry.close(records[leaves], "bye")
    assert Page(registry.snapshot()).value("lanes_answer_seconds_sum") >= before
