"""Run commands at the root of the repository, as the README does."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.kit.waiting import SECONDS

ROOT = Path(__file__).parents[2]
PATIENCE = 5 * SECONDS  # seconds that one command may take: it may build an image

Ran = subprocess.CompletedProcess[str]


def run(*words: str | Path, says: str = "", **variables: str) -> Ran:
    """Run a command with `says` as its input and these variables added to the environment."""
    return subprocess.run(
        words,
        cwd=ROOT,
        env=os.environ | variables,
        input=says,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def well(*words: str | Path, says: str = "", **variables: str) -> str:
    """Run a command that must succeed; return what it printed."""
    done = run(*words, says=says, **variables)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


def program(*names: str) -> str:
    """The path of the first of these programs that is on the PATH; fail if none is."""
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        message = f"none of {', '.join(names)} is here: run scripts/ensure-test-programs"
        pytest.fail(message, pytrace=False)
    return found


def runs(pid: int) -> bool:
    """Whether a process exists and is not a zombie (proc(5))."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
