"""docs/scaling.md says what the figures say, and its arithmetic is right."""

import json
import math
import re
from pathlib import Path

import pytest

from bench import page
from bench.rounds import middle
from bench.words import number, span
from server.options import SPARE_DESCRIPTORS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())
FIGURES = page.sampled(json.loads((ROOT / "docs" / "performance.json").read_text()))
CROWDS = ("3", "50", "500", "2,000")
TIMES = "\N{MULTIPLICATION SIGN}"
REPLICA, CLIENT = 35 * 1024, 55  # KiB, read by hand: see the page


def cells(label: str) -> list[str]:
    """What follows a label in its row."""
    (row,) = re.findall(rf"^\| {re.escape(label)} \| (.*) \|$", TEXT, re.MULTILINE)
    return re.split(r" \| |, ", row)


def rates(where: str) -> list[str]:
    return [number(middle(page.rates(FIGURES[where][crowd]["thread"]))) for crowd in CROWDS]


def message_time(crowd: str) -> float:
    return middle(page.of_each(FIGURES["unpinned"][crowd]["thread"], "message_time"))


@pytest.mark.parametrize(
    ("label", "figures"),
    [
        ("messages a second, one core", rates("pinned")),
        ("messages a second, any core", rates("unpinned")),
        (
            "p99 on any core, ms",
            [
                number(middle(page.latencies(FIGURES["unpinned"][crowd]["thread"], "p99")))
                for crowd in CROWDS
            ],
        ),
        (
            "processor for a message on any core, µs",
            [number(message_time(crowd)) for crowd in CROWDS],
        ),
        (
            "KiB of its own memory for each idle client",
            [number(middle(FIGURES["memory"]["thread"]))],
        ),
        (
            "ms to start a thread, 100 and 1,000 of them",
            [
                number(middle([one["start"] for one in FIGURES["starting"][count]["thread"]]), 2)
                for count in ("100", "1000")
            ],
        ),
        (
            "connections a second, each with one message, on any core",
            [number(middle(page.rates(FIGURES["visits"]["all cores"]["thread"])))],
        ),
        (
            "ms until the first greeting, and until `/healthz` is well",
            [number(middle(FIGURES["start"][name])) for name in ("thread", "healthy")],
        ),
    ],
)
def test_a_row_of_the_bench_is_as_measured(label: str, figures: list[str]) -> None:
    assert cells(label) == figures


def test_with_a_second_core_the_server_is_slower() -> None:
    assert "with a second core the server does not get faster but slower" in PROSE
    for crowd in CROWDS:
        one, any_core = (
            middle(page.rates(FIGURES[where][crowd]["thread"])) for where in ("pinned", "unpinned")
        )
        assert any_core < one


def test_what_the_log_costs_is_as_measured() -> None:
    levels = FIGURES["levels"]["rows"].values()
    compared = [
        page.compared(page.rates(row["info"]), page.rates(row["warning"])) for row in levels
    ]
    assert f"[{span(one for one in compared if one)} of them]" in PROSE


@pytest.mark.parametrize("clients", ["256", "2,000", "10,000", "100,000", "1,000,000"])
def test_the_way_to_a_million_is_worked_out_right(clients: str) -> None:
    (row,) = re.findall(rf"^\| {clients} \| (\d+ {TIMES} .*) \|$", TEXT, re.MULTILINE)
    replicas_of, memory, messages, cores, _ = row.split(" | ")
    replicas, each = (int(one.replace(",", "")) for one in replicas_of.split(f" {TIMES} "))
    count = int(clients.replace(",", ""))
    assert replicas * each == count
    kib = replicas * REPLICA + count * CLIENT
    total = f"{kib / 1024:.0f} MiB" if kib < 1024**2 else f"{number(kib / 1024**2)} GiB"
    assert memory == f"{replicas} {TIMES} 35 MiB + {clients} {TIMES} 55 KiB = {total}"
    assert messages == clients
    assert cores == number(count * message_time("2,000") / 1e6, 2)


def test_the_time_of_a_message_that_the_way_is_worked_out_with_is_the_measured_one() -> None:
    assert f"the processor is the {number(message_time('2,000'))} µs of the table" in PROSE


def test_how_clients_spread_is_worked_out_right() -> None:
    rows = re.findall(
        r"^\| ([\d,]+) \| (\d+) \| ([\d,]+) \| ([\d.]+) \| ([\d,]+) \|$", TEXT, re.MULTILINE
    )
    assert len(rows) == 4
    for row in rows:
        clients, replicas, mean, deviation, most = (float(cell.replace(",", "")) for cell in row)
        exact = math.sqrt(clients * (1 / replicas) * (1 - 1 / replicas))
        assert mean == clients / replicas
        assert deviation == round(exact, 1)
        assert most == round(mean + 4 * exact)


def test_the_limits_are_those_of_the_server_and_of_compose() -> None:
    assert f"| `ulimits: nofile` | N + {SPARE_DESCRIPTORS}; " in TEXT
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for line in ("pids_limit: 512", "mem_limit: 256m", "stop_grace_period: 15s"):
        assert line in compose
    assert (
        "`compose.yaml` allows 256 clients (`--max-clients`), 512 processes and threads, 256 MiB"
        in PROSE
    )
    assert re.search(r"^\| \+ 15 s \|.*\(`stop_grace_period`\)", TEXT, re.MULTILINE)
