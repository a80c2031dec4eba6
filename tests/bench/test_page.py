"""The pages of the benchmark, and their pictures, say what the figures say."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bench import chapters, charts, page
from bench.contenders import PEERS
from bench.load import Sample
from bench.rounds import ROWS

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ["thread", *(peer.name for peer in PEERS)]

Figures = dict[str, Any]
Write = Callable[[Figures], tuple[str, str]]


def sample(
    rate: int = 1000, *, errors: int = 0, load: float = 0.5, slowest: float = 3000.0
) -> dict[str, float]:
    """Of one second, as JSON has it."""
    made = Sample(
        answers=rate,
        seconds=1.0,
        errors=errors,
        p50=1000.0,
        p99=2000.0,
        p999=2500.0,
        slowest=slowest,
        jain=0.99,
        least_share=0.9,
        load_time=load,
        server_time=0.9,
        server_kernel_time=0.5,
    )
    return asdict(made)


def measured(*names: str) -> Figures:
    """Each a bit faster than the one before, in each of three rounds."""
    return {
        name: [sample(1000 + 100 * nth + number) for number in range(3)]
        for nth, name in enumerate(names)
    }


def rows(*names: str) -> Figures:
    return {row.name: measured(*names) for row in ROWS}


def work() -> Figures:
    doings = ("sleep:5", "spin:5")
    models = ("asyncio", "lock", "pool", "thread")
    return {
        where: {doing: measured(*models) for doing in doings} for where in ("one core", "all cores")
    }


def costs(*middles: float) -> list[dict[str, float]]:
    return [{"start": one, "join": one / 2, "memory": 25 * one} for one in middles]


FREE = ("thread", "thread, no GIL", "C threads", "asyncio Protocol", "asyncio Protocol, no GIL")
FIGURES: Figures = {
    "pinned": rows(*NAMES),
    "unpinned": rows(*NAMES),
    "visits": {
        where: measured("thread", "pool", *NAMES[1:]) for where in ("one core", "all cores")
    },
    "parts": {"bare": [3.0, 3.1, 3.2], "+ time-outs": [3.5, 3.6, 3.7]},
    "levels": {
        "rows": rows("warning", "info", "debug"),
        "dropped": {
            row.name: {"warning": [0.0, 0.0], "info": [0.6, 0.7], "debug": [0.8, 0.9]}
            for row in ROWS
        },
    },
    "viewers": {
        "8": {
            looks: [{"rate": rate + number, "others": others * number} for number in range(3)]
            for looks, rate, others in (("nobody", 100.0, 0.01), ("somebody", 90.0, 0.02))
        }
    },
    "memory": {name: [26.4, 26.5, 26.6] for name in ("thread", chapters.ARENAS, *NAMES[1:])},
    "start": {name: [340.0, 350.0, 345.0] for name in (*NAMES, "healthy")},
    "compose": {"50": [21.0, 24.0, 20.0]},
    "starting": {
        "100": {"thread": costs(1, 2), "fork": costs(10, 20), "spawn": costs(300, 600)},
        "1000": {"thread": costs(1), "fork": costs(10), "spawn": costs(300)},
    },
    "work": work(),
    "free-threaded": {
        "python": "3.14.0",
        "rows": {"one core": rows(*FREE), "all cores": rows(*FREE)},
        "work": work(),
        "memory": {name: [26.4, 26.5] for name in FREE},
        "starting": {"thread": costs(1, 2), "fork": costs(10, 20), "spawn": costs(300, 600)},
    },
    "machine": {"processor": "of a test"},
    "measured": {"pinned": "2026-01-01, 5 rounds", "work": "2026-01-01, 5 rounds"},
}


@pytest.fixture
def figures() -> Figures:
    return deepcopy(FIGURES)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Both pages, as one reads them: without line breaks in a sentence."""

    def write(figures: Figures) -> tuple[str, str]:
        page.write(figures, tmp_path)
        texts = [(tmp_path / name).read_text(encoding="utf-8") for name in page.PAGES]
        performance, threads = (re.sub(r"\n *(?=\w)", " ", text) for text in texts)
        return performance, threads

    return write


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pictures of all chapters."""
    folder = tmp_path_factory.mktemp("drawn")
    charts.draw(FIGURES, folder)
    return folder


def at(rounds: list[int]) -> list[dict[str, float]]:
    return [sample(rate) for rate in rounds]


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds(figures: Figures, write: Write) -> None:
    row = figures["pinned"]["50"]
    row["thread"], row["trio"] = at([100, 300, 200]), at([100, 100, 400])
    text, _ = write(figures)
    line = next(line for line in text.splitlines() if line.startswith("| trio |"))
    assert line.split(" | ")[2] == "1.00 <sub>0.50\N{EN DASH}3.00</sub>"


def test_a_round_in_which_the_other_answered_nothing_has_no_ratio(
    figures: Figures, write: Write
) -> None:
    figures["pinned"]["50"]["trio"] = at([0, 100, 100])
    text, _ = write(figures)
    line = next(line for line in text.splitlines() if line.startswith("| trio |"))
    assert line.split(" | ")[2] == "—"


def test_where_nobody_was_answered_there_is_no_latency(figures: Figures, write: Write) -> None:
    figures["pinned"]["50"] |= {name: [sample(0, slowest=0.0)] * 3 for name in NAMES}
    text, _ = write(figures)
    assert "| trio | 0 | — | — | — | — | — | — | — | 0.50 | 0 |" in text


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        ([1100, 1101, 1102], r"\*\*ahead\*\* with 50 clients"),
        ([900, 901, 902], r"\*\*behind\*\* with 3, 50, 500 and 2,000 clients"),
        ([900, 1101, 1102], r"now ahead, now behind, with 50 clients"),
    ],
)
def test_who_is_ahead_is_said_where_every_round_shows_it(
    figures: Figures, write: Write, ours: list[int], word: str
) -> None:
    for row in figures["pinned"].values():
        row["thread"], row["socketserver"] = at([900] * 3), at([1000] * 3)
    figures["pinned"]["50"]["thread"] = at(ours)
    text, _ = write(figures)
    said = text.partition("- beside `socketserver`")[2].partition("- beside")[0]
    assert re.search(word, said)


def test_where_the_time_of_a_message_goes_is_told_in_microseconds(
    figures: Figures, write: Write
) -> None:
    figures["pinned"]["50"]["thread"] = at([1000] * 3)  # 0.9 s for 1,000, of which the kernel 0.5
    assert "| thread | 500 | 400 | 900 |" in write(figures)[0]


def test_what_each_part_costs_more_than_the_bare_turn_is_told(
    figures: Figures, write: Write
) -> None:
    assert "| bare | 3.10 |  |\n| + time-outs | 3.60 | 0.50 |\n" in write(figures)[0]


def test_a_goal_that_was_reached_is_bold_and_one_that_was_not_is_told_too(
    figures: Figures, write: Write
) -> None:
    rows = figures["pinned"]
    for row in rows.values():
        row["thread"], row["gevent"] = at([110] * 3), at([100] * 3)
    text, _ = write(figures)
    said = "| gevent | **1.10** (1.1) | 1.10 (1.2) | **1.10** (1) | **1.10** (0.95) | 1.10 (1.5) |"
    assert said in text


def test_what_a_viewer_costs_is_told(figures: Figures, write: Write) -> None:
    nobody = "101 <sub>100\N{EN DASH}102</sub>"
    somebody = "91.0 <sub>90.0\N{EN DASH}92.0</sub>"
    assert f"| 8 clients | {nobody} | {somebody} | 1.0 % | 2.0 % |" in write(figures)[0]


def test_it_is_told_which_part_of_the_log_was_dropped(figures: Figures, write: Write) -> None:
    text, _ = write(figures)
    assert f"| lines dropped at `info` |{' 65 % |' * len(ROWS)}\n" in text


def test_the_load_s_share_of_a_core_is_told_for_each_row(figures: Figures, write: Write) -> None:
    figures["unpinned"]["50"]["trio"] = [sample(load=0.25)] * 3
    text, _ = write(figures)
    said = text.partition("### The server and the load on any core")[2]
    assert "| the load had, of a core | 0.50 | 0.25\N{EN DASH}0.50 | 0.50 |" in said


def test_it_is_told_when_each_chapter_was_measured(figures: Figures, write: Write) -> None:
    assert "| measured on 2026-01-01, 5 rounds | pinned, work |" in write(figures)[0]


def test_that_threads_win_is_said_where_they_do(figures: Figures, write: Write) -> None:
    assert "threads win" in write(figures)[0]
    waiting = figures["work"]["one core"]["sleep:5"]
    waiting["thread"], waiting["asyncio"] = at([100] * 3), at([101] * 3)
    assert "threads win" not in write(figures)[0]


@pytest.mark.parametrize(
    ("chapter", "words"),
    [
        ("pinned", "## All figures of one core"),
        ("pinned", "## What was measured"),
        ("pinned", "performance-ratios.svg"),
        ("unpinned", "### The server and the load on any core"),
        ("visits", "## Connections a second"),
        ("levels", "## What the log costs"),
        ("memory", "`VmRSS`"),
        ("start", "ms until the first greeting"),
        ("parts", "put one upon the other"),
        ("compose", "`docker compose up --scale client=50` took 21.0 s (20.0 to 24.0"),
        ("starting", "## What a client of one's own costs"),
        ("work", "## When answering takes time"),
        ("work", "threads.md#when-answering-takes-time"),
        ("free-threaded", "### Memory without the GIL"),
        ("machine", "### The machine"),
    ],
)
def test_a_chapter_that_was_not_measured_has_no_section(
    figures: Figures, write: Write, chapter: str, words: str
) -> None:
    text = "".join(write(figures))
    assert words in text
    del figures[chapter]
    assert words not in "".join(write(figures))


def test_where_nothing_was_measured_the_pages_say_how_to(write: Write) -> None:
    performance, threads = write({})
    assert "$ make bench" in performance
    assert "$ BENCH_PYTHON=/path/to/python3.14t make bench" in threads


def test_it_is_told_where_the_load_was_the_limit(figures: Figures, write: Write) -> None:
    text, _ = write(figures)
    assert "the load was the limit" not in text
    figures["pinned"]["3"]["C epoll"] = [sample(load=load) for load in (0.95, 0.92, 0.5)]
    text, _ = write(figures)
    assert "The load used more than nine tenths of a core: C epoll (3 clients)." in text
    assert r"| C epoll | 1,000 \* |" in text
    assert len(re.findall(r" \\\*", text)) == 3  # its ratio, twice, and its rate


@pytest.mark.parametrize("chapter", ["pinned", "unpinned", "visits", "levels", "work"])
def test_it_is_told_who_let_clients_down(figures: Figures, write: Write, chapter: str) -> None:
    assert "**Clients were let down here**" not in "".join(write(figures))
    measured = figures[chapter]
    for name in {
        "visits": ("one core",),
        "work": ("one core", "sleep:5"),
        "levels": ("rows", "50"),
    }.get(chapter, ("50",)):
        measured = measured[name]
    name = list(measured)[-1]
    measured[name] = [sample(errors=errors) for errors in (3, 0, 4)]
    text = "".join(write(figures))
    assert re.search(rf"\*\*Clients were let down here\*\* \({name}[^)]*: 7\)", text)


def test_the_errors_are_in_the_tables(figures: Figures, write: Write) -> None:
    figures["visits"]["one core"]["socketserver"] = [sample(errors=one) for one in (3, 0, 4)]
    text, _ = write(figures)
    assert re.search(r"\| socketserver \| 1,000 .* 7 \|\n", text)


def test_why_a_visit_takes_a_second_is_told_where_one_does(figures: Figures, write: Write) -> None:
    assert "SYN" not in write(figures)[0]
    figures["visits"]["one core"]["socketserver"][1] = sample(slowest=1_034_000.0)
    assert "Why a visit to `socketserver` can take 1,030 ms" in write(figures)[0]


def test_the_project_s_own_pages_are_made_of_its_own_figures(tmp_path: Path) -> None:
    page.write(json.loads((DOCS / "performance.json").read_text()), tmp_path)
    for name in page.PAGES:
        assert (tmp_path / name).read_text() == (DOCS / name).read_text()


def test_links_lead_to_files_and_headings_that_exist(
    write: Write, figures: Figures, tmp_path: Path, drawn: Path
) -> None:
    write(figures)
    for name in page.PAGES:
        for link in re.findall(r"\]\(([^)]+)\)", (tmp_path / name).read_text(encoding="utf-8")):
            file, _, heading = link.partition("#")
            found = [path for folder in (tmp_path, drawn, DOCS) if (path := folder / file).exists()]
            assert found, link
            assert not heading or heading in slugs(found[0]), link


def slugs(file: Path) -> list[str]:
    """What its headings are called in links, as GitHub does it."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings]


def test_all_tables_have_as_many_cells_in_each_line(figures: Figures, write: Write) -> None:
    for text in write(figures):
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_same_figures_give_the_same_pictures(
    figures: Figures, tmp_path: Path, drawn: Path
) -> None:
    charts.draw(figures, tmp_path)
    assert sorted(path.name for path in drawn.iterdir()) == sorted(charts.PICTURES)
    for name in charts.PICTURES:
        assert (tmp_path / name).read_bytes() == (drawn / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("ratios", ["messages a second: thread ÷ the other (log scale)", "3 clients", "trio"]),
        ("latency", ["time from a message to its reply with 500 clients, ms (log scale)", "trio"]),
        ("starting", ["start, ms for each (log)", "memory, KiB for each (log)", "1,000 of them"]),
        ("work", ["visits a second", "--work sleep:5", "all cores", "asyncio"]),
    ],
)
def test_a_picture_is_xml_on_white_with_its_axes_labelled(
    drawn: Path, name: str, labels: list[str]
) -> None:
    root = ET.parse(drawn / f"performance-{name}.svg").getroot()  # noqa: S314 - our own
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert set(labels) <= set(texts)
    background = next(root.iter("{http://www.w3.org/2000/svg}path"))
    assert "fill: #ffffff" in background.attrib["style"]


def test_a_picture_of_what_was_not_measured_is_not_drawn(figures: Figures, tmp_path: Path) -> None:
    charts.draw({"work": figures["work"]}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["performance-work.svg"]
