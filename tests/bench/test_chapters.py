"""A chapter measures what its tables show, even if it has never been measured before."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from bench import chapters, page, tls
from bench.before import BEFORE
from bench.chapters import CHAPTERS, Effort
from bench.contenders import Contender, models
from bench.load import Sample
from bench.starting import Cost

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "".join((DOCS / name).read_text(encoding="utf-8") for name in page.PAGES)
SAMPLE = Sample(1000, 1.0, 0, 1, 2, 3, 4, 0.99, 0.9, 0.5, 0.9, 0.5)
EFFORT = Effort(2, 0.1)
MODELS = models()
SLOW = {"parts", "viewers", "watching"}  # they have no contenders


@pytest.fixture(autouse=True)
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start nothing: each measurement returns the same figures at once."""

    def each(found: object, names: Iterable[str]) -> dict[str, list[object]]:
        return {name: [found] * EFFORT.rounds for name in names}

    def under_load(_row: object, of: Sequence[Contender], *_: object, **__: object) -> object:
        return each(SAMPLE, (one.name for one in of))

    def once_running(title: str, of: Sequence[Contender], *_: object, **__: object) -> object:
        found = 9.0 if title == "memory" else (SAMPLE, 0.5)
        return each(found, (one.name for one in of))

    def in_turn(title: str, of: Iterable[str], _: int) -> object:
        return each(9.0 if title == "start" else Cost(1, 2, 3), of)

    for made in (under_load, once_running, in_turn):
        monkeypatch.setattr(chapters, made.__name__, made)
    for made in (under_load, once_running):
        monkeypatch.setattr(tls, made.__name__, made)
    monkeypatch.setattr(tls, "compile_for_tls", lambda: None)
    monkeypatch.setattr("bench.compose.measure", lambda of, *_: each(9.0, of))
    monkeypatch.setattr(chapters, "free_threaded_python", lambda: sys.executable)
    monkeypatch.setenv("BENCH_PYTHONS", sys.executable)


@pytest.mark.parametrize("chapter", [name for name in CHAPTERS if name not in SLOW])
def test_a_chapter_fills_each_of_its_tables(chapter: str) -> None:
    text = page.fill(TEXT, {chapter: CHAPTERS[chapter](EFFORT)})
    missing = page.MISSING.format(chapter)
    assert text.count(missing) == (1 if chapter == "visits" and "cached" not in MODELS else 0)
    assert missing in page.fill(TEXT, {})


def test_the_build_before_is_measured_wherever_a_goal_names_it() -> None:
    for chapter in ("pinned", "unpinned", "visits"):
        for measured in CHAPTERS[chapter](EFFORT).values():
            assert {"thread", BEFORE, "socketserver", "naive threads", "C threads"} <= set(measured)
    assert BEFORE in CHAPTERS["compose"](EFFORT)["50"]
    assert {"info", f"{BEFORE}, info"} <= set(CHAPTERS["levels"](EFFORT)["dropped"]["50"])


def test_every_model_is_measured_at_work_and_with_visits() -> None:
    assert {"thread", "pool", "lock"} <= set(MODELS)
    for works in CHAPTERS["work"](EFFORT).values():
        for measured in works.values():
            assert set(measured) == {*MODELS, "asyncio"}
    assert ("cached" in CHAPTERS["visits"](EFFORT)["one core"]) == ("cached" in MODELS)
