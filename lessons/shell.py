"""Runs a command as the reader would, and compares what it prints with what the lesson says.

In a lesson `...` alone on a line stands for any number of lines, and within a line for any text.
Colours do not count, and how many blanks stand between two words does not either: a column is as
wide as its longest name.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lessons.lesson import ROOT

ANYTHING = "..."
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours, and Compose clears each line first
# What a demo of the reader's or `make lesson` has set: a lesson says itself what it runs with.
FOREIGN = ("LANES_", "CLIENTS", "MODEL", "WORKERS", "MAKE", "MFLAGS")
THE_READERS = ("LANES_PORT", "LANES_STATUS_PORT")


@dataclass(frozen=True)
class Ran:
    """What a command printed, on standard output and error alike, and its exit code."""

    output: str
    exit_code: int


def run(
    command: str, show: Callable[[str], object], patience: float = threading.TIMEOUT_MAX
) -> Ran:
    """Run a command from the root of the repository, and show each line as it comes.

    It can ask nobody anything. After `patience` seconds it is killed, and so is all that it has
    started.
    """
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    ) as process:
        killer = threading.Timer(patience, os.killpg, (process.pid, signal.SIGKILL))
        killer.start()
        lines = []
        try:
            for line in process.stdout or ():
                show(line)
                lines.append(line)
            return Ran(CONTROL.sub("", "".join(lines)), process.wait())
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)  # in a group of its own it has not got Ctrl-C
            raise
        finally:
            killer.cancel()


def _environment() -> dict[str, str]:
    """The reader's, but that `python3` is the one that runs this, and shows each line at once."""
    theirs = {
        name: text
        for name, text in os.environ.items()
        if name in THE_READERS or not name.startswith(FOREIGN)
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), theirs.get("PATH", os.defpath)])
    return theirs | {"PATH": path, "PYTHONUNBUFFERED": "1"}


def difference(expected: Sequence[str], output: str) -> str | None:
    """The first line that is not as expected, in words; None where all are."""
    lines = output.splitlines()
    reached = {0}  # how many lines can be accounted for by what is expected so far
    for line in expected:
        if line.strip() == ANYTHING:
            further = set(range(min(reached), len(lines) + 1))
        else:
            further = {at + 1 for at in reached if at < len(lines) and _like(line, lines[at])}
        if not further:
            return f"expected: {line}\ncame:     {_came(lines, reached)}"
        reached = further
    if len(lines) not in reached:
        return f"expected: the end\ncame:     {_came(lines, reached)}"
    return None


def _came(lines: list[str], reached: set[int]) -> str:
    """What stood where a line was looked for."""
    first = min(reached)
    if first == len(lines):
        return "the end"
    if len(reached) == 1:
        return lines[first]
    return f"no such line, from line {first + 1} on: {lines[first]}"


def _like(expected: str, line: str) -> bool:
    parts = (re.escape(part) for part in _words(expected).split(ANYTHING))
    return re.fullmatch(".*".join(parts), _words(line)) is not None


def _words(line: str) -> str:
    return " ".join(line.split())
