"""The dashboard as code: `python -m metrics.dashboard` writes the JSON that Grafana reads."""

import json
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

FILE = Path(__file__).with_name("dashboard.json")
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")  # as provisioned
HEIGHT, WIDTH = 8, 12  # in Grafana's grid, which is 24 wide
INTERVAL = "$__rate_interval"  # Grafana derives it from how often Prometheus scrapes


class Chart(NamedTuple):
    """A panel: its lines, each with the query that it shows."""

    title: str
    why: str
    unit: str
    lines: dict[str, str]  # legend -> query


def per_second(metric: str, by: str = "") -> str:
    """Return the query for how fast a counter grows, summed over all servers."""
    return f"sum{by and f' by ({by})'}(rate({metric}[{INTERVAL}]))"


def quantile(share: float, histogram: str) -> str:
    """Return the query for the value below which this share of the observations lies."""
    return f"histogram_quantile({share}, {per_second(f'{histogram}_bucket', 'le')})"


def quantiles(histogram: str) -> dict[str, str]:
    """Return the queries for a typical observation and for one of the worst."""
    return {"median": quantile(0.5, histogram), "p99": quantile(0.99, histogram)}


CHARTS = [
    Chart(
        "Clients",
        "Who is served, and who is connected and waits for a thread or a lock.",
        "short",
        {"{{state}}": "sum by (state) (lanes_sessions)"},
    ),
    Chart(
        "Messages a second",
        "Received, and of these refused: no valid text, or too long.",
        "ops",
        {
            "received": per_second("lanes_messages_total"),
            "refused": per_second("lanes_messages_refused_total"),
        },
    ),
    Chart(
        "Answer latency",
        "From a message's arrival to its reply.",
        "s",
        quantiles("lanes_answer_seconds"),
    ),
    Chart(
        "Queueing time",
        "From being accepted to being served, of sessions that have ended.",
        "s",
        quantiles("lanes_waiting_seconds"),
    ),
    Chart(
        "Sessions that ended, by reason",
        "All but `bye` are failures: docs/protocol.md.",
        "ops",
        {"{{reason}}": per_second("lanes_sessions_ended_total", "reason")},
    ),
    Chart(
        "Connections a second",
        "Accepted by the listener, and of these turned away.",
        "ops",
        {
            "accepted": per_second("lanes_connections_total"),
            "refused: {{reason}}": per_second("lanes_connections_refused_total", "reason"),
        },
    ),
    Chart(
        "Bytes a second",
        "From the clients, and to them.",
        "Bps",
        {
            "received": per_second("lanes_received_bytes_total"),
            "sent": per_second("lanes_sent_bytes_total"),
        },
    ),
    Chart(
        "Lines of the log",
        "Lines are dropped if they come faster than they can be written.",
        "ops",
        {"{{fate}}": per_second("lanes_log_records_total", "fate")},
    ),
]


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    built = (
        Dashboard("Thread Lanes")
        .uid("thread-lanes")
        .time("now-5m", "now")
        .refresh("5s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for number, chart in enumerate(CHARTS, 1):
        built = built.with_panel(_panel(chart).id(number))
    read: dict[str, Any] = json.loads(json.dumps(built.build(), cls=JSONEncoder))
    return read


def _panel(chart: Chart) -> Panel:
    panel = Panel().title(chart.title).description(chart.why).unit(chart.unit).min(0)
    panel = panel.datasource(PROMETHEUS).height(HEIGHT).span(WIDTH).fill_opacity(10)
    for name, (legend, query) in zip(ascii_uppercase, chart.lines.items(), strict=False):
        panel = panel.with_target(Dataquery().ref_id(name).expr(query).legend_format(legend))
    return panel


def queries() -> Iterator[str]:
    """Yield the queries of all panels in the file."""
    for panel in json.loads(FILE.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def written() -> str:
    """Return the text of the file."""
    return json.dumps(dashboard(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
