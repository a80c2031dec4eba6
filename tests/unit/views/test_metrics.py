"""The page that Prometheus scrapes, read as Prometheus reads it and held against the snapshot."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from server.histogram import LONG, SHORT
from server.record import End, Record
from server.registry import Registry, Snapshot
from server.views.metrics import CONTENT_TYPE, exposition
from server.writer import Counts
from tests.kit.scenes import client
from tests.kit.snapshots import EPOCH, snapshot, snapshots

MICRO = 1e-6  # of a second: the clock itself is not much finer
QUIET = Counts()  # a log without a record


class Page:
    """What the page for a snapshot says: each series once, with its value."""

    def __init__(self, snapshot: Snapshot, log: Counts = QUIET) -> None:
        self.families = list(text_string_to_metric_families(exposition(snapshot, log)))
        samples = [sample for family in self.families for sample in family.samples]
        self.figures = {(one.name, tuple(one.labels.items())): one.value for one in samples}
        assert len(self.figures) == len(samples)

    def value(self, name: str) -> float:
        """Of a metric without labels."""
        return self.figures[name, ()]

    def by_label(self, name: str) -> dict[str, float]:
        """The values of a metric with one label."""
        return {labels[0][1]: value for (one, labels), value in self.figures.items() if one == name}


def new_registry() -> Registry:
    return Registry(model="thread", protocol="lines", max_clients=8)


def admitted(registry: Registry) -> Record:
    record = registry.admit("127.0.0.1:1")
    assert record is not None
    return record


def test_every_metric_is_ours_with_a_help_and_the_page_says_which_format_it_is_in() -> None:
    assert CONTENT_TYPE == "text/plain; version=0.0.4; charset=utf-8"
    for family in Page(new_registry().snapshot()).families:
        assert family.name.startswith("lanes_")
        assert family.documentation.endswith(".")


def test_the_server_says_what_it_is_since_when_its_peak_and_what_became_of_its_log() -> None:
    taken = replace(snapshot(at=9, started=2, model="pool"), peak_serving=6)
    page = Page(taken, Counts(emitted=9, written=5, dropped=3))
    assert page.figures["lanes_server_info", (("model", "pool"), ("protocol", "lines"))] == 1
    assert page.value("lanes_start_time_seconds") == EPOCH + 2
    assert page.value("lanes_sessions_serving_peak") == 6
    assert page.by_label("lanes_log_records_total") == {"written": 5, "dropped": 3}


def test_bytes_are_those_of_open_and_closed_sessions() -> None:
    gone, here = client(1, 0, 0, 2), client(2, 0, 0)
    gone.bytes_in, gone.bytes_out = 10, 100
    here.bytes_in, here.bytes_out = 20, 200
    page = Page(snapshot(gone, here, at=3))
    assert page.value("lanes_received_bytes_total") == 30
    assert page.value("lanes_sent_bytes_total") == 300


@given(snapshots())
def test_the_sessions_refusals_and_times_of_any_snapshot_add_up(snapshot: Snapshot) -> None:
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


@given(snapshots())
def test_the_series_are_always_the_same_and_nothing_of_a_client_is_on_the_page(
    snapshot: Snapshot,
) -> None:
    idle = Registry(model=snapshot.model, protocol=snapshot.protocol, max_clients=1).snapshot()
    assert list(Page(snapshot).figures) == list(Page(idle).figures)
    nobody = tuple(replace(one, client="nobody", peer="nowhere") for one in snapshot.sessions)
    assert exposition(snapshot, QUIET) == exposition(replace(snapshot, sessions=nobody), QUIET)


def test_a_connection_that_got_no_thread_is_counted_once() -> None:
    registry = new_registry()
    record = admitted(registry)
    assert Page(registry.snapshot()).value("lanes_connections_total") == 1
    registry.withdraw(record, "busy")
    assert Page(registry.snapshot()).value("lanes_connections_total") == 1


@example([0.1, 0.1, 0.4], 2)  # floats add up to less in another order
@given(st.lists(st.floats(0, 100), min_size=3, max_size=3), st.integers(0, 2))
def test_no_sum_falls_by_rounding_when_a_session_closes(seconds: list[float], leaves: int) -> None:
    registry = new_registry()
    records = [admitted(registry) for _ in seconds]
    for one, took in zip(records, seconds, strict=True):
        registry.serve(one)
        one.answers.observe(took)
    before = Page(registry.snapshot()).value("lanes_answer_seconds_sum")
    registry.close(records[leaves], "bye")
    assert Page(registry.snapshot()).value("lanes_answer_seconds_sum") >= before
