"""The tables and the pictures of the benchmark's pages show what the figures say."""

import json
import re
import xml.etree.ElementTree as ET
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import pytest

from bench import charts, page
from bench.before import BEFORE
from bench.figures import Figures
from bench.load import Sample
from bench.rounds import ROWS
from bench.tables import TABLES

DOCS = Path(__file__).parents[2] / "docs"
RECORDED = json.loads((DOCS / "performance.json").read_text())
DASH = "\N{EN DASH}"
TEXT = "".join((DOCS / name).read_text(encoding="utf-8") for name in page.PAGES)


def sample(
    rate: int = 1000, *, errors: int = 0, load: float = 0.5, slowest: float = 3000.0
) -> dict[str, float]:
    """One second, as in the JSON: the server computes for 0.9 s, 0.5 s of it in the kernel."""
    fair, its = (0.99, 0.9), (0.9, 0.5)
    return asdict(Sample(rate, 1.0, errors, 1000.0, 2000.0, 2500.0, slowest, *fair, load, *its))


def at(*rounds: int) -> list[dict[str, float]]:
    return [sample(rate) for rate in rounds]


def even(figures: Figures) -> Figures:
    """Make each contender a bit faster than the one before, in each of three rounds."""
    made = dict(figures)
    for nth, (name, found) in enumerate(figures.items()):
        match found:
            case dict():
                made[name] = even(found)
            case [{"answers": _}, *_]:
                made[name] = at(*(1000 + 100 * nth + number for number in range(3)))
    return made


def changed(changes: Figures, figures: Figures) -> Figures:
    """Return the figures with these places changed: a/b/c, where * stands for every key."""
    figures = deepcopy(figures)
    for place, value in changes.items():
        *path, last = place.split("/")
        found = [figures]
        for name in path:
            found = [one[key] for one in found for key in (one if name == "*" else [name])]
        for one in found:
            one.update(dict.fromkeys(one if last == "*" else [last], value))
    return figures


HERE = {"when": "once", "machine": {"processor": "a CPU", "memory": "2 GiB"}}
# As after a run that measured everything.
COMPLETE: Figures = {
    **{f"{place}/*/{BEFORE}": at(500, 500, 500) for place in ("pinned", "unpinned")},
    **{f"visits/*/{who}": at(rate, rate, rate) for who, rate in ((BEFORE, 500), ("cached", 1500))},
    "pythons": {row.name: {"thread": at(100, 100), "3.15": at(110, 110)} for row in ROWS},
    "free-threaded/spin": {"8": {"thread": at(10, 10), "thread, no GIL": at(19, 19)}},
}
FIGURES = changed(COMPLETE, even(RECORDED))
UNCHANGED = page.fill(TEXT, FIGURES)
LIMITED = [sample(load=load) for load in (0.95, 0.92, 0.5)]
LET_DOWN = [sample(errors=errors) for errors in (3, 0, 4)]
LOOKS = {"nobody": (100, 0.01), "somebody": (90, 0.02)}
SAID: list[tuple[Figures, str]] = [
    # a ratio is the median of the ratios of the rounds; it needs an answer in each of them
    ({"pinned/50/thread": at(1, 3, 2), "pinned/50/trio": at(1, 1, 4)}, f" <sub>0.50{DASH}3.00<"),
    ({"pinned/50/trio": at(0, 100, 100)}, "| ÷ trio | 0.56 | — | 0.56 |"),
    ({"pinned/50/*": [sample(0, slowest=0.0)] * 3}, f"| trio | 0 |{' — |' * 8} 0.50 | 0 |"),
    # ours beside the build before: more messages, less processor time
    ({"pinned/50/thread": at(900, 900, 900)}, "| rate ÷ | 2.00 | 1.80 | 2.00 |"),
    ({"pinned/50/thread": at(900, 900, 900)}, "| processor ÷ | 0.50 | 0.56 | 0.50 |"),
    ({f"visits/*/{BEFORE}": at(400, 400, 400)}, f"| ÷ {BEFORE} | 3.75 | 3.75 |"),
    # of a message's 900 µs, the kernel takes 500
    ({"pinned/50/thread": at(900, 900, 900)}, "| 0.900 | 1,000 | 556 | 3.00 | 0.50 | 0 |"),
    # the load's share of a core, in each row, and the mark if it was the limit
    ({"unpinned/50/trio": [sample(load=0.25)] * 3}, f"core | 0.50 | 0.25{DASH}0.50 | 0.50 |"),
    ({"pinned/3/C epoll": LIMITED}, r"| C epoll | 1,000 \* |"),
    ({"pinned/3/C epoll": LIMITED}, r"| ÷ C epoll | 1.00 \* |"),
    ({"pinned/50/C epoll": LET_DOWN}, " 0.900 | 900 | 500 | 3.00 | 0.50 | 7 |"),
    # each compared with the first
    (
        {"parts": {"a": [3.0, 3.1], "b": [3.5, 3.6]}},
        f"| b | 3.55 <sub>3.50{DASH}3.60</sub> | 1.16 ",
    ),
    ({"compose/50": {"now": [9.0], "before": [18.0]}}, "| before | 18.0 | 2.00 |"),
    (
        {f"viewers/8/{name}": [{"rate": a, "others": b}] for name, (a, b) in LOOKS.items()},
        "| somebody | 90.0 | 0.90 | 0.020 | 2.00 |",
    ),
    ({"levels/dropped/*/info": [0.6, 0.7]}, f"| info |{' 65 % |' * len(ROWS)}\n"),
    # other interpreters
    ({"pythons/*/3.15": at(120, 120)}, f"| ÷ 3.15 |{' 0.83 |' * len(ROWS)}\n"),
    ({"free-threaded/spin/8/thread, no GIL": at(18, 18)}, "| ÷ thread | 1.80 |\n"),
    (
        {"measured": dict.fromkeys(("pinned", "work"), HERE)},
        "| pinned, work | once | a CPU; 2 GiB |\n",
    ),
]


@pytest.mark.parametrize(("changes", "said"), SAID)
def test_the_tables_change_with_the_figures(changes: Figures, said: str) -> None:
    assert said not in UNCHANGED
    assert said in page.fill(TEXT, changed(changes, FIGURES))


def test_every_table_is_on_a_page_and_none_is_missing() -> None:
    assert {marker.split("; ")[0] for _, marker, _ in page.REGION.findall(TEXT)} == TABLES.keys()
    assert "Not measured yet" not in UNCHANGED


@pytest.mark.parametrize("chapter", [name for name in FIGURES if name != "measured"])
def test_a_missing_chapter_is_noted_and_the_rest_stays(chapter: str) -> None:
    text = page.fill(TEXT, {name: FIGURES[name] for name in FIGURES if name != chapter})
    note = f"*Not measured yet:* `python -m bench full --chapter {chapter}`"
    assert note in text
    assert page.REGION.sub("", text) == page.REGION.sub("", TEXT)


def test_a_missing_contender_leaves_the_other_figures() -> None:
    fewer = deepcopy(FIGURES)
    for row in fewer["pinned"].values():
        del row[BEFORE]
    text = page.fill(TEXT, fewer)
    assert text.count("Not measured yet") == 1
    assert text.count(f"| ÷ {BEFORE} |") == UNCHANGED.count(f"| ÷ {BEFORE} |") - 1


def test_the_projects_own_tables_are_made_of_its_own_figures(tmp_path: Path) -> None:
    for name in page.PAGES:
        (tmp_path / name).write_text((DOCS / name).read_text(encoding="utf-8"), encoding="utf-8")
    page.write(RECORDED, tmp_path)
    for name in page.PAGES:
        assert (tmp_path / name).read_text() == (DOCS / name).read_text(), "python -m bench pages"


def test_every_table_has_equally_many_cells_in_each_line() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", UNCHANGED, re.MULTILINE):
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
    "ratios": ["messages a second: thread ÷ the other (log scale)", "3 clients", BEFORE],
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


def test_no_picture_is_drawn_of_a_chapter_that_was_not_measured(tmp_path: Path) -> None:
    charts.draw({"work": FIGURES["work"]}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["performance-work.svg"]
