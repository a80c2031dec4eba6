"""Snapshot -> the page that Prometheus scrapes.

Nothing is counted here: the figures are the snapshot's and the log's, so a scrape costs the
conversations no more than any other page. Each label has a few values that are known beforehand,
and every one of them is always on the page; so no client can make a series, nor put a word of its
own into one.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import get_args

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from server.histogram import Histogram
from server.record import End
from server.registry import Refusal, Snapshot
from server.writer import Counts

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposition(snapshot: Snapshot, log: Counts) -> str:
    """The page, in the text format that CONTENT_TYPE names."""
    return generate_latest(_Families(snapshot, log)).decode()


class _Families(Collector):
    """A family is a metric's name, its help and its series. Times are in seconds."""

    def __init__(self, snapshot: Snapshot, log: Counts) -> None:
        self._snapshot = snapshot
        self._log = log

    def collect(self) -> Iterator[Metric]:
        yield from self._server()
        yield from self._sessions()
        yield from self._conversations()

    def _server(self) -> Iterator[Metric]:
        snapshot = self._snapshot
        yield InfoMetricFamily(
            "lanes_server",
            "How the server was started.",
            {"model": snapshot.model, "protocol": snapshot.protocol},
        )
        yield GaugeMetricFamily(
            "lanes_start_time_seconds",
            "When the server started, in Unix time.",
            snapshot.started_at,
        )
        yield _by_label(
            CounterMetricFamily(
                "lanes_log_records_total",
                "Log records by what became of them; those that still wait are not counted.",
                labels=["fate"],
            ),
            {"written": self._log.written, "dropped": self._log.dropped},
        )

    def _sessions(self) -> Iterator[Metric]:
        snapshot, totals = self._snapshot, self._snapshot.totals
        refused = sum(snapshot.refused.values())
        yield _by_label(
            GaugeMetricFamily("lanes_sessions", "Open sessions.", labels=["state"]),
            {"serving": snapshot.serving, "waiting": snapshot.open - snapshot.serving},
        )
        yield GaugeMetricFamily(
            "lanes_sessions_serving_peak",
            "The most sessions that were served at once since the server started.",
            snapshot.peak_serving,
        )
        yield _by_label(
            CounterMetricFamily(
                "lanes_sessions_ended_total",
                "Closed sessions by why they ended.",
                labels=["reason"],
            ),
            {end: totals.ended[end] for end in get_args(End)},
        )
        # Not the sessions alone: one that gets no thread is refused after all. Their number can
        # fall so, and to Prometheus a counter that falls has started anew.
        yield CounterMetricFamily(
            "lanes_connections_total",
            "Accepted connections: those that became sessions and those that were refused.",
            snapshot.accepted + refused,
        )
        yield _by_label(
            CounterMetricFamily(
                "lanes_connections_refused_total",
                "Connections that were turned away, by what they were told.",
                labels=["reason"],
            ),
            {reason: snapshot.refused[reason] for reason in get_args(Refusal)},
        )
        yield _histogram(
            "lanes_session_seconds",
            "How long closed sessions lasted, from being accepted.",
            totals.sessions,
        )
        yield _histogram(
            "lanes_waiting_seconds",
            "How long closed sessions had waited for their turn, or for the end if it never came.",
            totals.waiting,
        )

    def _conversations(self) -> Iterator[Metric]:
        totals = self._snapshot.totals
        yield CounterMetricFamily("lanes_messages_total", "Messages received.", totals.messages)
        yield CounterMetricFamily(
            "lanes_received_bytes_total", "Bytes received from clients.", totals.bytes_in
        )
        yield CounterMetricFamily(
            "lanes_sent_bytes_total", "Bytes sent to clients.", totals.bytes_out
        )
        yield _histogram(
            "lanes_answer_seconds",
            "How long messages took from being received to being replied to.",
            totals.answers,
        )


def _by_label(family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, int]) -> Metric:
    """The family with a series for each value of its only label."""
    for label, value in values.items():
        family.add_metric([label], value)
    return family


def _histogram(name: str, documentation: str, histogram: Histogram) -> Metric:
    """Ours counts each bucket on its own, Prometheus with all that are below it."""
    bounds = [*map(str, histogram.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(histogram.counts), strict=True))
    return HistogramMetricFamily(name, documentation, buckets, histogram.sum)
