"""`python -m bench`: what is measured, on which cores, where the figures go, when `short` fails."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import bench.__main__
import server
from bench import before, guard, machine
from bench.chapters import Effort
from bench.contenders import ours, running
from bench.load import Sample
from bench.rounds import ROWS, Row

HERE = {"processor": "of this test"}
Short = Callable[..., tuple[int, str]]


def measure(name: str, effort: Effort) -> str:
    return f"{name}: {effort.rounds} rounds of {effort.words}"


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file for the figures, on a machine where each chapter takes no time to measure."""
    file = tmp_path / "performance.json"
    found = {
        name: partial(measure, name) for name in ("pinned", "compose", "pythons", "free-threaded")
    }
    monkeypatch.setattr(bench.__main__, "FIGURES", file)
    monkeypatch.setattr(bench.__main__, "CHAPTERS", found)
    monkeypatch.setattr("bench.machine.describe", lambda: HERE)
    monkeypatch.setattr("bench.machine.commit", lambda: "0123abc")
    for done in ("__main__._prepare", "before.unpack", "page.write", "charts.draw"):
        monkeypatch.setattr(f"bench.{done}", lambda *_: None)
    monkeypatch.setattr("bench.compose.is_possible", lambda: True)
    monkeypatch.delenv("BENCH_PYTHON", raising=False)
    monkeypatch.delenv("BENCH_PYTHONS", raising=False)
    return file


def full(*words: str) -> Result:
    return CliRunner().invoke(bench.__main__.main, ["full", *words])


def test_chapters_that_cannot_be_measured_are_named(
    figures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.compose.is_possible", lambda: False)
    ran = full("--rounds", "7", "--seconds", "2")
    assert ran.exit_code == 0
    assert "compose is not measured: there is no Docker here." in ran.output
    assert "pythons is not measured: BENCH_PYTHONS names no CPython." in ran.output
    assert "free-threaded is not measured: BENCH_PYTHON names no CPython." in ran.output
    measured = json.loads(figures.read_text())
    assert measured["pinned"] == "pinned: 7 rounds of ('--seconds', '2.0')"
    assert measured["measured"].keys() == {"pinned"}
    assert measured["measured"]["pinned"]["when"].endswith(", 7 rounds, commit 0123abc")
    assert measured["measured"]["pinned"]["machine"] == HERE


def test_a_chapter_that_is_not_measured_again_keeps_its_figures_and_its_machine(
    figures: Path,
) -> None:
    elsewhere = {"when": "once", "machine": {"processor": "another"}}
    before = {"measured": {"pinned": elsewhere, "tls": elsewhere}, "pinned": 1, "tls": 2}
    figures.write_text(json.dumps(before))
    assert full().exit_code == 0
    after = json.loads(figures.read_text())
    assert (after["tls"], after["measured"]["tls"]) == (2, elsewhere)
    assert after["pinned"] != 1
    assert after["measured"]["pinned"]["machine"] == HERE


def test_one_chapter_is_measured_again(figures: Path) -> None:
    assert full("--chapter", "pinned").exit_code == 0
    before = json.loads(figures.read_text())
    assert full("--chapter", "pinned", "--rounds", "9").exit_code == 0
    assert full("--chapter", "compose").exit_code == 0
    after = json.loads(figures.read_text())
    assert after["pinned"] == before["pinned"].replace("7", "9")
    assert after["compose"].startswith("compose: 7 rounds")


def test_an_interpreter_with_gil_is_refused(figures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_PYTHON", sys.executable)
    ran = full()
    assert ran.exit_code == 1
    assert f"{sys.executable} does not run the server without a GIL" in ran.output
    assert not figures.exists()


def measured(ours: int, *, socketserver: int = 100, errors: int = 0) -> dict[str, list[Sample]]:
    rates = {"thread": ours, "socketserver": socketserver, "C threads": 200}
    return {
        name: 3 * [Sample(rate, 1.0, errors, 1, 1, 1, 1, 1, 1, 0.5, 1, 0.5)]
        for name, rate in rates.items()
    }


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Short:
    """Run `short`, against a record in which the server was as fast as socketserver."""
    one = {name: [asdict(sample) for sample in ran] for name, ran in measured(100).items()}
    recorded: dict[str, object] = {"pinned": {row.name: one for row in ROWS}}

    def short(ours: int, *, before: dict[str, object] = recorded, **others: int) -> tuple[int, str]:
        def under_load(row: Row, *_: object, **__: object) -> dict[str, list[Sample]]:
            return measured(ours if row is ROWS[1] else 100, **others)

        monkeypatch.setattr(bench.__main__, "_read", lambda: before)
        monkeypatch.setattr(bench.__main__, "_prepare", lambda: None)
        monkeypatch.setattr(guard, "under_load", under_load)
        ran = CliRunner().invoke(bench.__main__.main, ["short"])
        return ran.exit_code, ran.output

    return short


@pytest.mark.parametrize(
    ("ours", "others", "code", "told"),
    [
        (80, {}, 0, "      50  socketserver   0.80  was  1.00  ok\n"),
        (80, {}, 0, "      50  C threads      0.40  was  0.50  ok\n"),
        (51, {}, 0, "socketserver   0.51  was  1.00  ok\n"),
        (49, {}, 1, "socketserver   0.49  was  1.00  HALVED\n"),
        (49, {}, 1, "Error: a ratio has halved"),
        (100, {"socketserver": 0}, 0, "socketserver    nan  was  1.00  ok\n"),  # no fault of ours
        (100, {"errors": 1}, 0, "let its clients down 15 times"),
        (100, {"before": {"work": {}}}, 1, "run `make bench` first"),
    ],
)
def test_every_ratio_is_printed_and_only_a_halved_or_missing_one_fails(
    short: Short, ours: int, others: dict[str, Any], code: int, told: str
) -> None:
    exit_code, said = short(ours, **others)
    assert (exit_code, told in said) == (code, True)
    assert said.count("  was  ") == (0 if "before" in others else len(ROWS) * 2)


@pytest.mark.parametrize(
    ("allowed", "siblings", "chosen"),
    [
        ({2, 3, 4, 5}, {2, 3}, (2, 4)),  # the load is on no thread of the server's core
        ({0, 1}, {0, 1}, (0, 1)),  # if there is only one core, its threads have to do
    ],
)
def test_the_load_gets_a_core_of_its_own_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, allowed: set[int], siblings: set[int], chosen: tuple[int, int]
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: allowed)
    monkeypatch.setattr(machine, "siblings", lambda _: siblings)
    assert machine.two_cores() == chosen


def test_a_core_is_its_own_sibling() -> None:
    first, other = machine.two_cores()
    assert first != other
    assert first in machine.siblings(first)


def test_one_core_or_an_unnamed_interpreter_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    monkeypatch.delenv("BENCH_PYTHON", raising=False)
    monkeypatch.delenv("BENCH_PYTHONS", raising=False)
    with pytest.raises(click.ClickException, match="two cores are needed"):
        machine.two_cores()
    with pytest.raises(click.ClickException, match="BENCH_PYTHONS has to name"):
        machine.other_pythons()
    with pytest.raises(click.ClickException, match="BENCH_PYTHON has to name"):
        machine.free_threaded_python()


def test_a_free_threaded_python_is_compared_with_its_own_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    versions = {"free": "3.15.0 free-threading", "old": "3.14.8", "same": "3.15.0, compiled"}
    monkeypatch.setattr(machine, "python_version", versions.get)
    monkeypatch.delenv("BENCH_PYTHONS", raising=False)
    assert machine.with_the_gil("free") == sys.executable
    monkeypatch.setenv("BENCH_PYTHONS", "old:same")
    assert machine.other_pythons() == ["old", "same"]
    assert machine.with_the_gil("free") == "same"


@pytest.fixture
def clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A clone with a commit, and a place to unpack it to."""
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org")
    (tmp_path / "server").symlink_to(Path(server.__file__).parent)
    for words in (("init", "--quiet"), ("add", "server"), ("commit", "--quiet", "-m", "before")):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(before, "ROOT", tmp_path)
    monkeypatch.setattr(before, "COMMIT", "HEAD")
    monkeypatch.setattr(before, "FOLDER", tmp_path / "built" / "before")
    return tmp_path


def test_the_build_before_is_unpacked_once_and_runs_from_there(clone: Path) -> None:
    before.unpack()
    (clone / ".git").rename(clone / "gone")
    before.unpack()
    with running(ours("before", checkout=before.FOLDER), core=None) as its:
        assert Path(f"/proc/{its.pid}/cwd").resolve() == before.FOLDER
        assert its.ask("/healthz")


@pytest.mark.usefixtures("clone")
def test_a_commit_missing_from_this_clone_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before, "COMMIT", "0" * 40)
    with pytest.raises(click.ClickException, match="is not in this clone"):
        before.unpack()
    assert not before.FOLDER.exists()
