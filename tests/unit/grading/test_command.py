"""`grading/grade`: a wrong command line gives one line of error, before anything runs."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grading import command, image
from tests.kit.command import ROOT, run

GRADE = ROOT / "grading" / "grade"


@pytest.fixture(autouse=True)
def _its_signals_are_ours_again() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def one(submissions: Path) -> Path:
    """A folder with one submission."""
    (submissions / "ada").mkdir()
    return submissions


def told(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    """Run the command in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["grade", *map(str, words)])
    try:
        return command.main()
    except SystemExit as end:
        return int(str(end.code))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--timeout=50"], "--timeout is from 0.1 to 20, --wait from 0 to 600"),
        (["--wait=nan"], "--timeout is from 0.1 to 20, --wait from 0 to 600"),
        (["--at-once=0"], "FORMAT is text, json or junit, and --at-once at least 1"),
        (["--protocol=morse"], "argument --protocol: invalid choice: 'morse'"),
        (["--weights=pyproject.toml"], "cannot be read as weights: "),
        (["--weights=nosuch.toml"], "cannot be read as weights: "),
    ],
)
def test_a_wrong_option_is_refused(
    fake: Path,
    one: Path,
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    why: str,
) -> None:
    assert told(monkeypatch, *options, one, results) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("grade: ")
    assert why in line
    assert not (fake / "told").exists() or "build" not in (fake / "told").read_text()


def test_a_wrong_format_in_the_environment_is_refused(
    one: Path, results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORMAT", "xml")
    assert told(monkeypatch, one, results) == 2
    assert "FORMAT is text, json or junit" in capsys.readouterr().err


def test_missing_or_empty_folders_are_refused(
    submissions: Path,
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert told(monkeypatch, submissions / "nosuch", results) == 2
    assert "SUBMISSIONS is a folder of folders" in capsys.readouterr().err
    assert told(monkeypatch, submissions, results) == 2
    assert capsys.readouterr().err == f"grade: no submissions in {submissions}\n"


def test_without_docker_or_the_checker_it_says_so(
    fake: Path,
    one: Path,
    results: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (fake / "empty").touch()
    assert told(monkeypatch, one, results) == 2
    assert capsys.readouterr().err == "grade: the checker image is missing: run `make images`\n"
    monkeypatch.setenv("PATH", str(one))
    assert told(monkeypatch, one, results) == 2
    why = "`docker` is not installed: run scripts/ensure-engine"
    assert capsys.readouterr().err == f"grade: {why}\n"


@pytest.mark.parametrize(
    ("written", "variable", "base"),
    [
        ("", "", "python:3.15-slim-trixie"),
        ("A=b\nPYTHON_IMAGE='ours:1'\n", "", "ours:1"),
        ("PYTHON_IMAGE=ours:1\n", "theirs:2", "theirs:2"),
    ],
)
def test_the_base_image_comes_from_the_environment_or_from_env(
    fake: Path,
    one: Path,
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: str,
    variable: str,
    base: str,
) -> None:
    (tmp_path / "grading").mkdir()
    (tmp_path / ".env").write_text(written)
    monkeypatch.setattr(command, "HERE", tmp_path / "grading")
    monkeypatch.setenv("PYTHON_IMAGE", variable)
    (one / "ada" / "server.py").touch()
    weights = image.HERE / "weights.toml"
    told(monkeypatch, one, results, f"--weights={weights}")
    assert f"--build-arg PYTHON_IMAGE={base} " in (fake / "told").read_text()


def test_it_starts_from_any_folder(tmp_path: Path) -> None:
    done = run(sys.executable, GRADE, tmp_path / "nosuch", tmp_path / "results")
    assert done.returncode == 2
    assert done.stderr.startswith("grade: usage: grading/grade ")
