"""The pages of the benchmark, and their pictures, say what the figures say."""

import json
import re
import xml.etree.ElementTree as ET
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
DASH = "\N{EN DASH}"

Figures = dict[str, Any]


def sample(
    rate: int = 1000, *, errors: int = 0, load: float = 0.5, slowest: float = 3000.0
) -> dict[str, float]:
    """Of one second, as JSON has it: 0.9 s of the server's, the kernel's half a second included."""
    fair, its = (0.99, 0.9), (0.9, 0.5)
    return asdict(Sample(rate, 1.0, errors, 1000.0, 2000.0, 2500.0, slowest, *fair, load, *its))


def at(*rounds: int) -> list[dict[str, float]]:
    return [sample(rate) for rate in rounds]


def measured(*names: str) -> Figures:
    """Each a bit faster than the one before, in each of three rounds."""
    starts = {name: 1000 + 100 * nth for nth, name in enumerate(names)}
    return {name: at(start, start + 1, start + 2) for name, start in starts.items()}


def rows(*names: str) -> Figures:
    return {row.name: measured(*names) for row in ROWS}


def work() -> Figures:
    models = ("lock", "pool", "thread", "asyncio")
    return {
        where: {doing: measured(*models) for doing in ("sleep:5", "spin:5")}
        for where in ("one core", "all cores")
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


def changed(changes: Figures) -> Figures:
    """The figures with others in these places: a/b/c, where * stands for each that is there."""
    figures = deepcopy(FIGURES)
    for place, value in changes.items():
        *path, last = place.split("/")
        found = [figures]
        for name in path:
            found = [one[key] for one in found for key in (one if name == "*" else [name])]
        for one in found:
            one.update(dict.fromkeys(one if last == "*" else [last], value))
    return figures


def written(figures: Figures, folder: Path) -> str:
    """Both pages, as one reads them: without line breaks in a sentence."""
    page.write(figures, folder)
    text = "".join((folder / name).read_text(encoding="utf-8") for name in page.PAGES)
    return re.sub(r"\n *(?=\w)", " ", text)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Both pages of the figures above."""
    return written(FIGURES, tmp_path_factory.mktemp("unchanged"))


SLOWER = {"pinned/*/thread": at(900, 900, 900), "pinned/*/socketserver": at(1000, 1000, 1000)}
LIMITED = [sample(load=load) for load in (0.95, 0.92, 0.5)]
LET_DOWN = [sample(errors=errors) for errors in (3, 0, 4)]
SAID: dict[str, tuple[Figures, str]] = {
    "a ratio is the median of the ratios of the rounds": (
        {"pinned/50/thread": at(100, 300, 200), "pinned/50/trio": at(100, 100, 400)},
        f"| 1.00 <sub>0.50{DASH}3.00</sub> |",
    ),
    "a round in which the other answered nothing has no ratio": (
        {"pinned/50/trio": at(0, 100, 100)},
        "| trio | 0.59 | — | 0.59 |",
    ),
    "where nobody was answered there is no latency": (
        {"pinned/50/*": [sample(0, slowest=0.0)] * 3},
        "| trio | 0 | — | — | — | — | — | — | — | 0.50 | 0 |",
    ),
    "ours is ahead or behind where it is in every round": (
        SLOWER | {"pinned/50/thread": at(1100, 1101, 1102)},
        "**ahead** with 50 clients: 1.10 times as many messages;\n  **behind** with 3, 500 and",
    ),
    "where the rounds do not agree, neither is ahead": (
        SLOWER | {"pinned/50/thread": at(900, 1101, 1102)},
        "16: 0.90 times as many messages; now ahead, now behind, with 50 clients: 1.10 times",
    ),
    "of a message's 900 µs the kernel has 500": (
        {"pinned/50/thread": at(1000, 1000, 1000)},
        "| thread | 500 | 400 | 900 |",
    ),
    "a goal that was reached is bold, and one that was not is there too": (
        {"pinned/*/thread": at(110, 110, 110), "pinned/*/gevent": at(100, 100, 100)},
        "| gevent | **1.10** (1.1) | 1.10 (1.2) | **1.10** (1) | **1.10** (0.95) | 1.10 (1.5) |",
    ),
    "the load's share of a core, in each row": (
        {"unpinned/50/trio": [sample(load=0.25)] * 3},
        f"| the load had, of a core | 0.50 | 0.25{DASH}0.50 | 0.50 |",
    ),
    "where the load was the limit": (
        {"pinned/3/C epoll": LIMITED},
        "The load used more than nine tenths of a core: C epoll (3 clients).",
    ),
    "that threads win": ({"work/one core/sleep:5/asyncio": at(9, 9, 9)}, "threads win"),
    "why a visit takes a second": (
        {"visits/one core/socketserver": [sample(), sample(slowest=1_034_000.0), sample()]},
        "Why a visit to `socketserver` can take 1,030 ms",
    ),
    "errors, in the table": (
        {"visits/one core/socketserver": LET_DOWN},
        "| socketserver | 1,000 | 1.00 | 1.00 | 2.00 | 3.00 | 0.990 | 0.50 | 7 |",
    ),
    **{
        f"whose clients were let down, in {place}": (
            {place: LET_DOWN},
            f"**Clients were let down here** ({whose}: 7)",
        )
        for place, whose in {
            "pinned/50/C epoll": "C epoll, 50 clients",
            "unpinned/50/C epoll": "C epoll, 50 clients",
            "visits/one core/C epoll": "C epoll, one core",
            "levels/rows/50/debug": "debug, 50 clients",
            "work/one core/sleep:5/asyncio": "asyncio, sleep:5, one core",
        }.items()
    },
}


@pytest.mark.parametrize(("changes", "said"), SAID.values(), ids=SAID)
def test_the_pages_say_what_the_figures_say_and_only_then(
    unchanged: str, tmp_path: Path, changes: Figures, said: str
) -> None:
    assert said not in unchanged
    assert said in written(changed(changes), tmp_path)


def test_parts_viewers_dropped_lines_and_dates_have_their_rows(unchanged: str) -> None:
    looks = f"101 <sub>100{DASH}102</sub> | 91.0 <sub>90.0{DASH}92.0</sub> | 1.0 % | 2.0 %"
    assert "| bare | 3.10 |  |\n| + time-outs | 3.60 | 0.50 |\n" in unchanged
    assert f"| 8 clients | {looks} |" in unchanged
    assert f"| lines dropped at `info` |{' 65 % |' * len(ROWS)}\n" in unchanged
    assert "| measured on 2026-01-01, 5 rounds | pinned, work |" in unchanged


def test_each_figure_for_which_the_load_was_the_limit_has_a_mark(tmp_path: Path) -> None:
    text = written(changed({"pinned/3/C epoll": LIMITED}), tmp_path)
    assert r"| C epoll | 1,000 \* |" in text
    assert len(re.findall(r" \\\*", text)) == 3  # its ratio, twice, and its rate


@pytest.mark.parametrize(
    ("chapter", "sections"),
    {
        "pinned": ["## All figures of one core", "## What was measured", "performance-ratios.svg"],
        "unpinned": ["### The server and the load on any core"],
        "visits": ["## Connections a second"],
        "levels": ["## What the log costs"],
        "memory": ["`VmRSS`"],
        "start": ["ms until the first greeting"],
        "parts": ["put one upon the other"],
        "compose": ["`docker compose up --scale client=50` took 21.0 s (20.0 to 24.0"],
        "starting": ["## What a client of one's own costs"],
        "work": ["## When answering takes time"],
        "free-threaded": ["### Memory without the GIL"],
        "machine": ["### The machine"],
    }.items(),
)
def test_a_chapter_that_was_not_measured_has_no_section(
    unchanged: str, tmp_path: Path, chapter: str, sections: list[str]
) -> None:
    text = written({name: FIGURES[name] for name in FIGURES if name != chapter}, tmp_path)
    for words in sections:
        assert words in unchanged
        assert words not in text


def test_where_nothing_was_measured_the_pages_say_how_to(tmp_path: Path) -> None:
    text = written({}, tmp_path)
    assert "$ make bench" in text
    assert "$ BENCH_PYTHON=/path/to/python3.14t make bench" in text


def test_the_projects_own_pages_are_made_of_its_own_figures(tmp_path: Path) -> None:
    page.write(json.loads((DOCS / "performance.json").read_text()), tmp_path)
    for name in page.PAGES:
        assert (tmp_path / name).read_text() == (DOCS / name).read_text()


def test_all_tables_have_as_many_cells_in_each_line(unchanged: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", unchanged, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_same_figures_give_the_same_pictures(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        charts.draw(FIGURES, folder)
    assert sorted(path.name for path in one.iterdir()) == sorted(charts.PICTURES)
    for name in charts.PICTURES:
        assert (one / name).read_bytes() == (other / name).read_bytes()


LABELS = {
    "ratios": ["messages a second: thread ÷ the other (log scale)", "3 clients", "trio"],
    "latency": ["time from a message to its reply with 500 clients, ms (log scale)", "trio"],
    "starting": ["start, ms for each (log)", "memory, KiB for each (log)", "1,000 of them"],
    "work": ["visits a second", "--work sleep:5", "all cores", "asyncio"],
}


def test_each_picture_is_xml_on_white_with_its_axes_labelled(tmp_path: Path) -> None:
    charts.draw(FIGURES, tmp_path)
    for name, labels in LABELS.items():
        root = ET.parse(tmp_path / f"performance-{name}.svg").getroot()  # noqa: S314 - our own
        texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert set(labels) <= set(texts)
        background = next(root.iter("{http://www.w3.org/2000/svg}path"))
        assert "fill: #ffffff" in background.attrib["style"]


def test_a_picture_of_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    charts.draw({"work": FIGURES["work"]}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["performance-work.svg"]
