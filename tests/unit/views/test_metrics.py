"""The page that Prometheus scrapes, read as Prometheus reads it and held against the snapshot."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import cycle, pairwise
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from server.histogram import LONG, SHORT
from server.record import End, Record
from server.registry import HISTORY, Registry, Snapshot
from server.views.metrics import CONTENT_TYPE, exposition
from server.writer import Counts
from tests.kit.snapshots import EPOCH, record, snapshot, snapshots

MICRO = 1e-6  # of a second: the clock itself is not much finer
QUIET = Counts()  # a log without a record
Series = tuple[str, tuple[tuple[str, str], ...]]  # a name, and the labels with their values


class Page:
    """What the page for a snapshot says: each series once, with its value."""

    def __init__(self, snapshot: Snapshot, log: Counts = QUIET) -> None:
        self.families = list(text_string_to_metric_families(exposition(snapshot, log)))
        self.figures = _figures(self.families)

    def value(self, name: str) -> float:
        """Of a metric without labels."""
        return self.figures[name, ()]

    def by_label(self, name: str) -> dict[str, float]:
        """The values of a metric with one label."""
        return {labels[0][1]: value for (one, labels), value in self.figures.items() if one == name}

    def ascending(self) -> dict[Series, float]:
        """What Prometheus takes for a start of the server when it falls."""
        return _figures(one for one in self.families if one.type in {"counter", "histogram"})


def _figures(families: Iterable[Metric]) -> dict[Series, float]:
    samples = [sample for family in families for sample in family.samples]
    figures = {(one.name, tuple(one.labels.items())): one.value for one in samples}
    assert len(figures) == len(samples)
    return figures


def new_registry() -> Registry:
    return Registry(model="thread", protocol="lines", max_clients=8)


def admitted(registry: Registry) -> Record:
    record = registry.admit("127.0.0.1:1")
    assert record is not None
    return record


def say(record: Record, *, seconds: float) -> None:
    """One message, and an answer that took so long."""
    record.messages += 1
    record.bytes_in += 4
    record.bytes_out += 40
    record.answers.observe(seconds)


def fallen(scrapes: list[dict[Series, float]]) -> list[Series]:
    """The series that are lower in one scrape than in the one before."""
    return [
        series
        for before, after in pairwise(scrapes)
        for series in before
        if after[series] < before[series]
    ]


def test_the_page_says_which_text_format_it_is_in() -> None:
    assert CONTENT_TYPE == "text/plain; version=0.0.4; charset=utf-8"


def test_every_metric_is_ours_and_has_a_help() -> None:
    for family in Page(new_registry().snapshot()).families:
        assert family.name.startswith("lanes_")
        assert family.documentation.endswith(".")


def test_the_server_says_what_it_is_and_since_when() -> None:
    page = Page(snapshot(at=9, started=2, model="pool"))
    assert page.figures["lanes_server_info", (("model", "pool"), ("protocol", "lines"))] == 1
    assert page.value("lanes_start_time_seconds") == EPOCH + 2


def test_records_of_the_log_are_counted_by_what_became_of_them() -> None:
    for log in (QUIET, Counts(emitted=9, written=5, dropped=3)):
        page = Page(new_registry().snapshot(), log)
        fates = {"written": log.written, "dropped": log.dropped}
        assert page.by_label("lanes_log_records_total") == fates


def test_sessions_are_counted_by_state_and_by_end_and_refusals_by_reason() -> None:
    sessions = snapshot(
        record(1, accepted=0, served=1, closed=2, end="too-long"),
        record(2, accepted=0, served=1, closed=3),
        record(3, accepted=1, served=1),
        record(4, accepted=2),
        record(5, accepted=3),
        refusals=[1, 2],
        at=4,
    )
    page = Page(replace(sessions, peak_serving=6))
    assert page.by_label("lanes_sessions") == {"serving": 1, "waiting": 2}
    ended = dict.fromkeys(get_args(End), 0) | {"too-long": 1, "bye": 1}
    assert page.by_label("lanes_sessions_ended_total") == ended
    assert page.by_label("lanes_connections_refused_total") == {"busy": 2, "closing": 0}
    assert page.value("lanes_connections_total") == 7
    assert page.value("lanes_sessions_serving_peak") == 6


def test_messages_and_bytes_are_those_of_open_and_closed_sessions() -> None:
    gone = record(1, accepted=0, served=0, closed=2, ticks=[(1, 1, 3)])
    here = record(2, accepted=0, served=0, ticks=[(1, 1, 4)])
    gone.bytes_in, gone.bytes_out = 10, 100
    here.bytes_in, here.bytes_out = 20, 200
    page = Page(snapshot(gone, here, at=3))
    assert page.value("lanes_messages_total") == 7
    assert page.value("lanes_received_bytes_total") == 30
    assert page.value("lanes_sent_bytes_total") == 300


def test_a_bucket_counts_all_that_took_no_longer_than_its_bound() -> None:
    page = Page(
        snapshot(
            record(1, accepted=0, served=0, closed=0.5),
            record(2, accepted=0, served=0, closed=0.75),
            record(3, accepted=0, served=0, closed=2000),
            record(4, accepted=0, served=0),
            at=2000,
        )
    )
    buckets = page.by_label("lanes_session_seconds_bucket")
    assert list(buckets) == [*map(str, LONG), "+Inf"]
    assert list(buckets.values()) == [0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3]
    assert page.value("lanes_session_seconds_count") == 3
    assert page.value("lanes_session_seconds_sum") == 2000 + 0.5 + 0.75


@given(snapshots())
def test_the_sessions_of_any_snapshot_add_up(snapshot: Snapshot) -> None:
    page = Page(snapshot)
    states = Counter(one.state for one in snapshot.sessions)
    ends = Counter(one.end for one in snapshot.sessions)
    open_, ended = page.by_label("lanes_sessions"), page.by_label("lanes_sessions_ended_total")
    refused = page.by_label("lanes_connections_refused_total")
    assert open_ == {state: states[state] for state in ("serving", "waiting")}
    assert ended == {end: ends[end] for end in get_args(End)}
    everybody = sum(open_.values()) + sum(ended.values()) + sum(refused.values())
    assert page.value("lanes_connections_total") == everybody


@given(snapshots())
def test_the_times_of_any_snapshot_are_those_of_its_closed_sessions(snapshot: Snapshot) -> None:
    page = Page(snapshot)
    closed = [(one, one.closed_at) for one in snapshot.sessions if one.closed_at is not None]
    sessions = [end - one.accepted_at for one, end in closed]
    waiting = [(one.served_at or end) - one.accepted_at for one, end in closed]
    for name, times in {"session": sessions, "waiting": waiting}.items():
        within = {str(bound): sum(time <= bound for time in times) for bound in LONG}
        buckets = page.by_label(f"lanes_{name}_seconds_bucket")
        assert buckets == within | {"+Inf": len(times)}
        assert page.value(f"lanes_{name}_seconds_count") == len(times)
        assert page.value(f"lanes_{name}_seconds_sum") == pytest.approx(sum(times), abs=MICRO)


@given(snapshots())
def test_every_message_of_any_snapshot_has_an_answer_time(snapshot: Snapshot) -> None:
    page = Page(snapshot)
    messages = sum(one.messages for one in snapshot.sessions)
    took = sum(one.answers.sum for one in snapshot.sessions)
    buckets = page.by_label("lanes_answer_seconds_bucket")
    assert list(buckets) == [*map(str, SHORT), "+Inf"]
    assert all(fewer <= more for fewer, more in pairwise(buckets.values()))
    assert buckets["+Inf"] == page.value("lanes_answer_seconds_count") == messages
    assert page.value("lanes_answer_seconds_sum") == pytest.approx(took, abs=MICRO)
    assert page.value("lanes_messages_total") == messages


@given(snapshots())
def test_the_series_are_the_same_whatever_happens(snapshot: Snapshot) -> None:
    idle = Registry(model=snapshot.model, protocol=snapshot.protocol, max_clients=1).snapshot()
    assert list(Page(snapshot).figures) == list(Page(idle).figures)


@given(snapshots())
def test_nothing_of_a_client_is_on_the_page(snapshot: Snapshot) -> None:
    nobody = tuple(replace(one, client="nobody", peer="nowhere") for one in snapshot.sessions)
    assert exposition(snapshot, QUIET) == exposition(replace(snapshot, sessions=nobody), QUIET)


def test_a_connection_that_got_no_thread_is_counted_once() -> None:
    registry = new_registry()
    record = admitted(registry)
    assert Page(registry.snapshot()).value("lanes_connections_total") == 1
    registry.withdraw(record, "busy")
    assert Page(registry.snapshot()).value("lanes_connections_total") == 1


def test_no_counter_falls_while_sessions_come_and_go_and_are_forgotten() -> None:
    registry = new_registry()
    stays = admitted(registry)
    registry.serve(stays)
    say(stays, seconds=0.001)
    scrapes = []
    for number, end in zip(range(2 * HISTORY), cycle(get_args(End)), strict=False):
        record = admitted(registry)
        if number % 2:
            registry.serve(record)
            say(record, seconds=0.1)
            registry.close(record, end)
        else:
            registry.dismiss(record, "closing")
            registry.refuse("closing")
        if number % 25 == 0:
            scrapes.append(Page(registry.snapshot()).ascending())
    assert fallen(scrapes) == []
    last = registry.snapshot()
    assert len(last.sessions) == HISTORY + 1
    assert sum(Page(last).by_label("lanes_sessions_ended_total").values()) == 2 * HISTORY
    assert Page(last).value("lanes_messages_total") == HISTORY + 1


@example([0.1, 0.1, 0.4], 2)  # floats add up to less in another order
@given(st.lists(st.floats(0, 100), min_size=3, max_size=3), st.integers(0, 2))
def test_no_sum_falls_by_rounding_when_a_session_closes(seconds: list[float], leaves: int) -> None:
    registry = new_registry()
    records = [admitted(registry) for _ in seconds]
    for one, took in zip(records, seconds, strict=True):
        registry.serve(one)
        say(one, seconds=took)
    before = Page(registry.snapshot()).ascending()
    registry.close(records[leaves], "bye")
    assert fallen([before, Page(registry.snapshot()).ascending()]) == []
