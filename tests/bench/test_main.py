"""`python -m bench full`: which chapters are measured, and what becomes of the figures before."""

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bench.__main__
from bench.chapters import Effort

HERE = {"processor": "of this test"}


def measure(name: str, effort: Effort) -> str:
    return f"{name}: {effort.rounds} rounds of {effort.seconds} s"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file for the figures, on a machine where each chapter is measured at once."""
    file = tmp_path / "performance.json"
    found = {name: partial(measure, name) for name in ("pinned", "compose", "free-threaded")}
    monkeypatch.setattr(bench.__main__, "FIGURES", file)
    monkeypatch.setattr(bench.__main__, "CHAPTERS", found)
    monkeypatch.setattr(bench.__main__, "_prepare", lambda: None)
    monkeypatch.setattr("bench.machine.describe", lambda: HERE)
    monkeypatch.setattr("bench.page.write", lambda *_: None)
    monkeypatch.setattr("bench.charts.draw", lambda *_: None)
    monkeypatch.setattr("bench.compose.is_possible", lambda: True)
    monkeypatch.delenv("BENCH_PYTHON", raising=False)
    return file


def full(*words: str) -> Result:
    return CliRunner().invoke(bench.__main__.main, ["full", *words])


def test_it_measures_what_can_be_measured_here_and_says_what_cannot(
    figures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.compose.is_possible", lambda: False)
    ran = full("--rounds", "7", "--seconds", "2")
    assert ran.exit_code == 0
    assert "compose is not measured: there is no Docker here." in ran.output
    assert "free-threaded is not measured: BENCH_PYTHON names no CPython." in ran.output
    measured = json.loads(figures.read_text())
    assert measured["pinned"] == "pinned: 7 rounds of 2.0 s"
    assert measured["machine"] == HERE
    assert measured["measured"].keys() == {"pinned"}
    assert measured["measured"]["pinned"].endswith(", 7 rounds")


def test_a_chapter_that_is_not_measured_again_keeps_its_figures(figures: Path) -> None:
    before = {"machine": HERE, "measured": {"free-threaded": "once"}, "free-threaded": 1}
    figures.write_text(json.dumps(before))
    assert full().exit_code == 0
    after = json.loads(figures.read_text())
    assert (after["free-threaded"], after["measured"]["free-threaded"]) == (1, "once")
    assert after["pinned"]


def test_figures_of_two_machines_are_not_mixed(figures: Path) -> None:
    before = {"machine": {"processor": "another"}, "measured": {}, "free-threaded": 1}
    figures.write_text(json.dumps(before))
    ran = full("--chapter", "pinned")
    assert ran.exit_code == 2
    assert "performance.json is another machine's" in ran.output
    assert json.loads(figures.read_text()) == before
    assert full().exit_code == 0
    assert json.loads(figures.read_text()).keys() == {"machine", "measured", "pinned", "compose"}


def test_an_interpreter_that_will_not_do_is_refused_before_anything_is_measured(
    figures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_PYTHON", "/bin/false")
    ran = full()
    assert ran.exit_code == 1
    assert "/bin/false does not run the server without a GIL" in ran.output
    assert not figures.exists()


def test_an_effort_becomes_words_for_the_load() -> None:
    assert Effort(5, 0.5).words == ("--seconds", "0.5")
