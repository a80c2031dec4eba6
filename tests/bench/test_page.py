"""The pages of the benchmark, and their pictures, say what the figures say."""

import json
import re
import xml.etree.ElementTree as ET
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import pytest

from bench import charts, page
from bench.chapters import Figures
from bench.load import Sample
from bench.rounds import ROWS

DOCS = Path(__file__).parents[2] / "docs"
RECORDED = json.loads((DOCS / "performance.json").read_text())
DASH = "\N{EN DASH}"


def sample(
    rate: int = 1000, *, errors: int = 0, load: float = 0.5, slowest: float = 3000.0
) -> dict[str, float]:
    """Of one second, as JSON has it: 0.9 s of the server's, the kernel's half a second included."""
    fair, its = (0.99, 0.9), (0.9, 0.5)
    return asdict(Sample(rate, 1.0, errors, 1000.0, 2000.0, 2500.0, slowest, *fair, load, *its))


def at(*rounds: int) -> list[dict[str, float]]:
    return [sample(rate) for rate in rounds]


def even(figures: Figures) -> Figures:
    """The same, but each contender is a bit faster than the one before, in each of three rounds."""
    made = dict(figures)
    for nth, (name, found) in enumerate(figures.items()):
        match found:
            case dict():
                made[name] = even(found)
            case [{"answers": _}, *_]:
                made[name] = at(*(1000 + 100 * nth + number for number in range(3)))
    return made


FIGURES: Figures = even(RECORDED)


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
SLOW_ONCE = [sample(), sample(slowest=1_034_000.0), sample()]
LET_DOWN = [sample(errors=errors) for errors in (3, 0, 4)]
SAID: list[tuple[Figures, str]] = [
    # a ratio is the median of the ratios of the rounds; it needs an answer in each of them
    ({"pinned/50/thread": at(1, 3, 2), "pinned/50/trio": at(1, 1, 4)}, f" <sub>0.50{DASH}3.00<"),
    ({"pinned/50/trio": at(0, 100, 100)}, "| trio | 0.59 | — | 0.59 |"),
    ({"pinned/50/*": [sample(0, slowest=0.0)] * 3}, f"| trio | 0 |{' — |' * 7} 0.50 | 0 |"),
    # ours is ahead or behind where it is in every round
    (
        SLOWER | {"pinned/50/thread": at(1100, 1101, 1102)},
        "**ahead** with 50 clients: 1.10 times as many messages;\n  **behind** with 3, 500 and",
    ),
    (
        SLOWER | {"pinned/50/thread": at(900, 1101, 1102)},
        "16: 0.90 times as many messages; now ahead, now behind, with 50 clients: 1.10 times",
    ),
    # of a message's 900 µs the kernel has 500
    ({"pinned/50/thread": at(1000, 1000, 1000)}, "| thread | 500 | 400 | 900 |"),
    # the load's share of a core, in each row, and where it was the limit
    ({"unpinned/50/trio": [sample(load=0.25)] * 3}, f"core | 0.50 | 0.25{DASH}0.50 | 0.50 |"),
    ({"pinned/3/C epoll": LIMITED}, "more than nine tenths of a core: C epoll (3 clients)."),
    ({"work/one core/sleep:5/asyncio": at(9, 9, 9)}, "threads win"),
    ({"visits/one core/socketserver": SLOW_ONCE}, "a visit to `socketserver` can take 1,030 ms"),
    ({"visits/one core/socketserver": LET_DOWN}, " 1.00 | 2.00 | 3.00 | 0.990 | 0.50 | 7 |"),
    # whose clients were let down, and where
    ({"pinned/50/C epoll": LET_DOWN}, "let down here** (C epoll, 50 clients: 7)"),
    ({"unpinned/50/C epoll": LET_DOWN}, "let down here** (C epoll, 50 clients: 7)"),
    ({"visits/one core/C epoll": LET_DOWN}, "let down here** (C epoll, one core: 7)"),
    ({"levels/rows/50/debug": LET_DOWN}, "let down here** (debug, 50 clients: 7)"),
    ({"work/one core/sleep:5/asyncio": LET_DOWN}, "down here** (asyncio, sleep:5, one core: 7)"),
    # what each part of a turn adds, what a viewer costs, how much of the log was dropped
    ({"parts": {"a": [3.0, 3.1], "b": [3.5, 3.6]}}, "| a | 3.05 |  |\n| b | 3.55 | 0.50 |\n"),
    (
        {
            f"viewers/8/{looks}": [{"rate": rate + nth, "others": cost * nth} for nth in range(3)]
            for looks, rate, cost in (("nobody", 100, 0.01), ("somebody", 90, 0.02))
        },
        f" 101 <sub>100{DASH}102</sub> | 91.0 <sub>90.0{DASH}92.0</sub> | 1.0 % | 2.0 % |",
    ),
    (
        {"watching/microseconds": {"nothing": [9.7], "a watcher": [10.0]}},
        "| a watcher | 0.97 |",
    ),
    ({"levels/dropped/*/info": [0.6, 0.7]}, f"dropped at `info` |{' 65 % |' * len(ROWS)}\n"),
    ({"compose/50": [21.0, 24.0, 20.0]}, "took 21.0 s (20.0 to 24.0"),
    ({"measured": dict.fromkeys(("pinned", "work"), "a day")}, "on a day | pinned, work |"),
]


@pytest.mark.parametrize(("changes", "said"), SAID)
def test_the_pages_say_what_the_figures_say_and_only_then(
    unchanged: str, tmp_path: Path, changes: Figures, said: str
) -> None:
    assert said not in unchanged
    assert said in written(changed(changes), tmp_path)


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
        "compose": ["`docker compose up --scale client=50` took "],
        "starting": ["## What a client of one's own costs"],
        "work": ["## When answering takes time"],
        "watching": ["## What `lanes watch` costs"],
        "free-threaded": ["### Memory without the GIL"],
        "machine": ["### The machine"],
    }.items(),
)
def test_a_chapter_that_was_not_measured_has_no_section(
    unchanged: str, tmp_path: Path, chapter: str, sections: list[str]
) -> None:
    text = written({name: FIGURES[name] for name in FIGURES if name != chapter}, tmp_path)
    for words in sections:
        assert (words in unchanged, words in text) == (True, False)


def test_where_nothing_was_measured_the_pages_say_how_to(tmp_path: Path) -> None:
    text = written({}, tmp_path)
    assert "$ make bench" in text
    assert "$ BENCH_PYTHON=/path/to/python3.14t make bench" in text


def test_the_projects_own_pages_are_made_of_its_own_figures(tmp_path: Path) -> None:
    page.write(RECORDED, tmp_path)
    for name in page.PAGES:
        assert (tmp_path / name).read_text() == (DOCS / name).read_text()


def test_all_tables_have_as_many_cells_in_each_line(unchanged: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", unchanged, re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    charts.draw(FIGURES, folder)
    return folder


def test_the_same_figures_give_the_same_pictures(pictures: Path, tmp_path: Path) -> None:
    charts.draw(FIGURES, tmp_path)
    assert {picture.name for picture in pictures.iterdir()} == set(charts.PICTURES)
    for name in charts.PICTURES:
        assert (tmp_path / name).read_bytes() == (pictures / name).read_bytes()


LABELS = {
    "ratios": ["messages a second: thread ÷ the other (log scale)", "3 clients", "trio"],
    "latency": ["time from a message to its reply with 500 clients, ms (log scale)", "trio"],
    "starting": ["start, ms for each (log)", "memory, KiB for each (log)", "1,000 of them"],
    "work": ["visits a second", "--work sleep:5", "all cores", "asyncio"],
}


def test_each_picture_is_xml_on_white_with_its_axes_labelled(pictures: Path) -> None:
    for name, labels in LABELS.items():
        root = ET.parse(pictures / f"performance-{name}.svg").getroot()  # noqa: S314 - our own
        texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert set(labels) <= set(texts)
        background = next(root.iter("{http://www.w3.org/2000/svg}path"))
        assert "fill: #ffffff" in background.attrib["style"]


def test_a_picture_of_what_was_not_measured_is_not_drawn(tmp_path: Path) -> None:
    charts.draw({"work": FIGURES["work"]}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["performance-work.svg"]
