"""What scripts/ensure-base-image asks of the engine, and which base `make` then builds on."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit.command import Ran, run
from tests.kit.fake_program import put_on_path

BASE, FREE_THREADED = "somebody/python:3.15", "thread-lanes-python:free-threaded"
# A fake `docker` with the images in $HERE. It notes other commands, and the base for Compose.
ENGINE = """#!/bin/sh
case "$*" in
info | "compose version" | "buildx version") ;;
"compose version --short") echo 2.26.1 ;;
"image inspect "*) case " $HERE " in *" $3 "*) ;; *) exit 1 ;; esac ;;
*) echo "${LANES_PYTHON:-ordinary}: docker $*" >>"$NOTED" ;;
esac
case "$1" in run) echo "Python 3.15.0 free-threading build" ;; esac
"""
Asked = Callable[..., tuple[Ran, list[str]]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Runs a command on an engine with these images; returns its result and engine commands."""
    put_on_path(monkeypatch, tmp_path, "docker", ENGINE)
    (noted := tmp_path / "noted").touch()
    monkeypatch.delenv("LANES_PYTHON", raising=False)

    def asked(*words: str, here: str) -> tuple[Ran, list[str]]:
        done = run(*words, PYTHON_IMAGE=BASE, HERE=here, NOTED=str(noted))
        return done, noted.read_text(encoding="utf-8").splitlines()

    return asked


@pytest.mark.parametrize(
    ("option", "here"), [([], BASE), (["--free-threaded"], FREE_THREADED)], ids=["", "free"]
)
def test_an_image_that_is_here_is_not_mentioned(asked: Asked, option: list[str], here: str) -> None:
    done, commands = asked("scripts/ensure-base-image", *option, here=here)
    assert (done.returncode, done.stdout, done.stderr, commands) == (0, "", "", [])


def test_a_free_threaded_base_builds_on_the_ordinary_one_and_says_its_version(
    asked: Asked,
) -> None:
    done, [build, version] = asked("scripts/ensure-base-image", "--free-threaded", here=BASE)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"--build-arg PYTHON_IMAGE={BASE} --tag {FREE_THREADED} ." in build
    assert version.endswith(f"{FREE_THREADED} python3 -VV")
    last = done.stdout.splitlines()[-1]
    assert last == f"{FREE_THREADED} has Python 3.15.0 free-threading build."


def test_an_unknown_option_is_one_line(asked: Asked) -> None:
    done, commands = asked("scripts/ensure-base-image", "--free", here=BASE)
    usage = "ensure-base-image: Usage: scripts/ensure-base-image [--free-threaded]\n"
    assert (done.returncode, done.stdout, done.stderr, commands) == (1, "", usage, [])


@pytest.mark.parametrize(
    ("python", "asked_for"), [("free-threaded", "free-threaded"), (sys.executable, "ordinary")]
)
def test_make_builds_the_images_on_the_requested_python(
    asked: Asked, python: str, asked_for: str
) -> None:
    done, [build] = asked("make", "images", f"PYTHON={python}", here=f"{BASE} {FREE_THREADED}")
    assert (done.returncode, done.stderr) == (0, "")
    assert build == f"{asked_for}: docker compose --project-name thread-lanes build --quiet"
