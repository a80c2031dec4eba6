"""A fake container engine that starts nothing, and the folders of a grading."""

import sys
from pathlib import Path

import pytest

from tests.kit.command import ROOT
from tests.kit.fake_program import put_on_path


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a fake `docker` on the PATH; return the folder where it keeps its notes."""
    programs, folder = tmp_path / "bin", tmp_path / "engine"
    programs.mkdir()
    folder.mkdir()
    own = (ROOT / "tests" / "kit" / "fake_docker.py").read_text(encoding="utf-8")
    interpreter = f"#!{sys.executable} -IS\n"  # without coverage
    put_on_path(monkeypatch, programs, "docker", interpreter + own)
    monkeypatch.setenv("FAKE", str(folder))
    monkeypatch.setenv("ROOT", str(ROOT))
    return folder


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submissions"
    folder.mkdir()
    return folder


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"
