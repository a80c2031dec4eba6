"""`docker compose up` is timed until the last client has left, in each checkout in turn."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.__main__ import main
from bench.compose import ENGINE, NOTHING
from tests.kit.fake_program import put_on_path

# Records each request and where it came from; each client exits as the file `codes` says.
DOCKER = """#!/bin/sh
printf '%s: %s %s\\n' "$(basename "$PWD")" "$LANES_REGISTRY" "$*" >>"$NOTES"
case "$*" in
    *"ps --all"*) echo one two ;;
    wait*) cat "$(dirname "$0")/codes" ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the PATH with a `docker` that only records its commands."""
    put_on_path(monkeypatch, tmp_path, "docker", DOCKER)
    (tmp_path / "codes").write_text("0\n0\n")
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    monkeypatch.setattr("bench.compose.ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_checkout_has_its_own_images_and_takes_its_turn_with_the_engine_alone(
    docker: Path,
) -> None:
    ran = CliRunner().invoke(main, ["compose", "new", "old", "--clients", "2", "--rounds", "2"])
    assert ran.exit_code == 0, ran.output
    lines = (docker / "notes").read_text().splitlines()
    asked = [
        line.replace("compose --file compose.yaml ", "").replace("--progress quiet ", "")
        for line in lines
    ]
    turn = "up --detach --scale client=2"
    ours, theirs, engine = "new: bench-0/", "old: bench-1/", f"new: bench-0/ --file {NOTHING}"
    assert [line for line in asked if "build" in line or "up" in line] == [
        "new: bench-0/ build --quiet",
        "old: bench-1/ build --quiet",
        *(f"{one} {turn}" for one in (ours, theirs, engine)),
        *(f"{one} {turn}" for one in (theirs, engine, ours)),
    ]
    assert asked.count("new: bench-0/ wait one two") == 4
    assert [line for line in asked if "--rmi" in line] == [
        "old: bench-1/ down --rmi all",
        "new: bench-0/ down --rmi all",
    ]
    for line, name in zip(ran.stdout.splitlines(), ("new", "old", ENGINE), strict=True):
        assert re.fullmatch(rf" *\d+\.\d s +\(.*\) +\d+\.\d\d +{name}", line), line


def test_an_unanswered_client_is_an_error_and_everything_is_removed(docker: Path) -> None:
    (docker / "codes").write_text("0\n1\n")
    ran = CliRunner().invoke(main, ["compose", "new", "--clients", "2"])
    assert ran.exit_code == 1
    assert "of 2 clients 1 ended well" in ran.output
    assert (docker / "notes").read_text().endswith("down --rmi all\n")
