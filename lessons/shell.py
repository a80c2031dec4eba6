"""Runs a command as the reader would."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lessons.lesson import ROOT

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours, and Compose clears each line first
# What a demo of the reader's or `make lesson` has set: a lesson says itself what it runs with.
FOREIGN = ("LANES_", "CLIENTS", "MODEL", "WORKERS", "MAKE", "MFLAGS")
THE_READERS = ("LANES_PORT", "LANES_STATUS_PORT")


@dataclass(frozen=True)
class Ran:
    """What a command printed, on standard output and error alike, without colours."""

    output: str
    exit_code: int
    seconds: float


def run(
    command: str, show: Callable[[str], object], patience: float = threading.TIMEOUT_MAX
) -> Ran:
    """Run a command from the root of the repository, and show each line as it comes.

    It can ask nobody anything. After `patience` seconds it is killed, and so is all that it has
    started.
    """
    began = time.monotonic()
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
        killer.daemon = True  # an ill-timed Ctrl-C may leave it running: exit anyway
        killer.start()
        lines = []
        try:
            for line in process.stdout or ():
                show(line)
                lines.append(line)
            exit_code = process.wait()
            return Ran(without_colours("".join(lines)), exit_code, time.monotonic() - began)
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGINT)  # in a group of its own it has not got Ctrl-C
            raise
        finally:
            killer.cancel()


def without_colours(text: str) -> str:
    """The text as one reads it."""
    return CONTROL.sub("", text)


def _environment() -> dict[str, str]:
    """The reader's, but that `python3` is the one that runs this, and shows each line at once."""
    theirs = {
        name: text
        for name, text in os.environ.items()
        if name in THE_READERS or not name.startswith(FOREIGN)
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), theirs.get("PATH", os.defpath)])
    return theirs | {"PATH": path, "PYTHONUNBUFFERED": "1"}
