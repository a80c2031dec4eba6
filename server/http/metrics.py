"""Snapshot -> the page that Prometheus scrapes.

Nothing is counted here: the figures come from the snapshot and the log. Each label has a few
values, known in advance and all on every page, so no client can create a series or a label.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import get_args

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from server.chat.histogram import Histogram
from server.chat.record import End
from server.chat.registry import Refusal, Snapshot
from server.log.writer import Counts


class _Page(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def exposition(snapshot: Snapshot, log: Counts) -> bytes:
    """Return the page in Prometheus' text format."""
    return generate_latest(_Page(_families(snapshot, log)))


def _families(now: Snapshot, log: Counts) -> Iterator[Metric]:
    """Yield the families: a metric's name, its help and its series. Times are in seconds."""
    how = {name: str(now.settings[name]) for name in ("model", "protocol")}
    yield InfoMetricFamily("lanes_server", "How the server was started.", how)
    started = "When the server started, in Unix time."
    yield GaugeMetricFamily("lanes_start_time_seconds", started, now.started_at)
    fates = {"written": log.written, "dropped": log.dropped}
    became = "Log records that were written or dropped; those that still wait are not counted."
    yield _counters("lanes_log_records_total", became, "fate", fates)

    sessions = GaugeMetricFamily("lanes_sessions", "Open sessions.", labels=["state"])
    sessions.add_metric(["serving"], now.serving)
    sessions.add_metric(["waiting"], now.open - now.serving)
    yield sessions
    peak = "The most sessions that were served at once since the server started."
    yield GaugeMetricFamily("lanes_sessions_serving_peak", peak, now.peak_serving)
    ends = {end: now.totals.ended[end] for end in get_args(End)}
    why = "Closed sessions by why they ended."
    yield _counters("lanes_sessions_ended_total", why, "reason", ends)
    # Not sessions alone: one that gets no thread is refused after all, so their number can fall,
    # and Prometheus takes a counter that falls for one that has restarted.
    both = "Accepted connections: those that became sessions and those that were refused."
    arrived = now.accepted + sum(now.refused.values())
    yield CounterMetricFamily("lanes_connections_total", both, arrived)
    refused = {reason: now.refused[reason] for reason in get_args(Refusal)}
    turned_away = "Connections that were turned away, by the reason given."
    yield _counters("lanes_connections_refused_total", turned_away, "reason", refused)

    totals = now.totals
    yield CounterMetricFamily("lanes_messages_total", "Messages received.", totals.messages)
    what = "Messages that could not be answered: no valid text, or too long."
    yield CounterMetricFamily("lanes_messages_refused_total", what, totals.refused)
    received, sent = "Bytes received from clients.", "Bytes sent to clients."
    yield CounterMetricFamily("lanes_received_bytes_total", received, totals.bytes_in)
    yield CounterMetricFamily("lanes_sent_bytes_total", sent, totals.bytes_out)
    lasted = "How long closed sessions lasted, from being accepted."
    yield _histogram("lanes_session_seconds", lasted, totals.sessions)
    waited = "How long closed sessions had waited for their turn, or for the end if it never came."
    yield _histogram("lanes_waiting_seconds", waited, totals.waiting)
    took = "How long messages took from being received to being replied to."
    yield _histogram("lanes_answer_seconds", took, totals.answers)


def _counters(name: str, help_: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, help_, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, help_: str, histogram: Histogram) -> Metric:
    """Convert ours, which counts each bucket alone: Prometheus adds all buckets below it."""
    bounds = [*map(str, histogram.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(histogram.counts), strict=True))
    return HistogramMetricFamily(name, help_, buckets, histogram.sum)
