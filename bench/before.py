"""The build that ours is compared with: an earlier commit, unpacked into bench/built."""

import subprocess
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
COMMIT = "55174d4"
BEFORE = f"thread at {COMMIT}"
FOLDER = ROOT / "bench" / "built" / f".{COMMIT}"  # hidden, so mypy skips it


def unpack() -> None:
    """Unpack the commit unless it is there; raises ClickException if this clone lacks it."""
    if FOLDER.exists():
        return
    words = ["git", "-C", str(ROOT), "archive", COMMIT]
    try:
        packed = subprocess.run(words, stdout=subprocess.PIPE, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        raise click.ClickException(
            f"commit {COMMIT}, which is measured beside this one, is not in this clone."
        ) from None
    FOLDER.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", FOLDER], input=packed.stdout, check=True)  # noqa: S603, S607
