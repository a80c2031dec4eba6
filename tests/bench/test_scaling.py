"""docs/scaling.md says what the figures say, and its arithmetic is right."""

import json
import math
import re
from pathlib import Path

import pytest

from bench import figures as of
from bench.cells import number, ratio
from bench.rounds import middle
from server.options import SPARE_DESCRIPTORS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())
FIGURES = of.sampled(json.loads((ROOT / "docs" / "performance.json").read_text()))
CROWDS = ("3", "50", "500", "2,000")
TIMES = "\N{MULTIPLICATION SIGN}"
REPLICA, CLIENT = 35 * 1024, 55  # KiB, read by hand: see the page

PINNED, UNPINNED = ([FIGURES[at][one]["thread"] for one in CROWDS] for at in ("pinned", "unpinned"))
MESSAGE_TIMES = [middle(of.of_each(samples, "message_time")) for samples in UNPINNED]
ROWS = {
    "messages a second, one core": [middle(of.rates(samples)) for samples in PINNED],
    "messages a second, any core": [middle(of.rates(samples)) for samples in UNPINNED],
    "p99 on any core, ms": [middle(of.latencies(samples, "p99")) for samples in UNPINNED],
    "processor time for a message on any core, µs": MESSAGE_TIMES,
    "KiB of the process's own memory for each idle client": [middle(FIGURES["memory"]["thread"])],
    "connections a second, each with one message, on any core": [
        middle(of.rates(FIGURES["visits"]["all cores"]["thread"]))
    ],
    "ms until the first greeting, and until `/healthz` answers": [
        middle(FIGURES["start"][name]) for name in ("thread", "healthy")
    ],
    "ms to start a thread, if 100 or 1,000 are started": [
        middle([one["start"] for one in FIGURES["starting"][count]["thread"]])
        for count in ("100", "1000")
    ],
}


@pytest.mark.parametrize("label", ROWS)
def test_a_row_of_the_bench_is_as_measured(label: str) -> None:
    [row] = re.findall(rf"^\| {re.escape(label)} \| (.*) \|$", TEXT, re.MULTILINE)
    digits = 2 if "start a thread" in label else 3
    assert re.split(r" \| |, ", row) == [number(figure, digits) for figure in ROWS[label]]


def test_the_prose_has_the_measured_figures_of_cores_log_and_message() -> None:
    assert "a second core does not make the server faster" in PROSE
    for one_core, any_core in zip(PINNED, UNPINNED, strict=True):
        # Rounds differ by more than 5 %.
        assert middle(of.rates(any_core)) < 1.05 * middle(of.rates(one_core))
    levels = [FIGURES["levels"]["rows"][clients] for clients in CROWDS]
    found = [of.compared(of.rates(row["info"]), of.rates(row["warning"])) for row in levels]
    least, *_, most = sorted(one.middle for one in found if one)
    assert f"[{ratio(least)} to {ratio(most)} of these rates]" in PROSE
    assert f"A message takes {number(MESSAGE_TIMES[-1])} µs of processor time" in PROSE


@pytest.mark.parametrize("clients", ["256", "2,000", "10,000", "100,000", "1,000,000"])
def test_the_figures_on_the_way_to_a_million_add_up(clients: str) -> None:
    [row] = re.findall(rf"^\| {clients} \| (\d+ {TIMES} .*) \|$", TEXT, re.MULTILINE)
    replicas_of, memory, messages, cores, _ = row.split(" | ")
    replicas, each = (int(one.replace(",", "")) for one in replicas_of.split(f" {TIMES} "))
    count = int(clients.replace(",", ""))
    assert replicas * each == count
    kib = replicas * REPLICA + count * CLIENT
    total = f"{kib / 1024:.0f} MiB" if kib < 1024**2 else f"{number(kib / 1024**2)} GiB"
    assert memory == f"{replicas} {TIMES} 35 MiB + {clients} {TIMES} 55 KiB = {total}"
    assert messages == clients
    assert cores == number(count * MESSAGE_TIMES[-1] / 1e6, 2)


def test_the_spread_of_clients_is_calculated_correctly() -> None:
    numbers = r" \| ".join([r"([\d,.]+)"] * 5)
    rows = re.findall(rf"^\| {numbers} \|$", TEXT, re.MULTILINE)
    assert len(rows) == 4
    for row in rows:
        clients, replicas, mean, deviation, most = (float(cell.replace(",", "")) for cell in row)
        exact = math.sqrt(clients * (1 / replicas) * (1 - 1 / replicas))
        assert (mean, deviation) == (clients / replicas, round(exact, 1))
        assert most == round(mean + 4 * exact)


def test_the_limits_match_the_server_and_compose() -> None:
    assert f"| `ulimits: nofile` | N + {SPARE_DESCRIPTORS}; " in TEXT
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for line in ("pids_limit: 512", "mem_limit: 256m", "stop_grace_period: 15s"):
        assert line in compose
    assert "allows 256 clients (`--max-clients`), 512 processes and threads, and 256 MiB" in PROSE
    assert re.search(r"^\| \+ 15 s \|.*\(`stop_grace_period`\)", TEXT, re.MULTILINE)
