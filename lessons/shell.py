"""Runs a command as the reader would run it."""

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

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours, and Compose's clearing of lines
# Set by the reader's demo or by `make lesson`; a lesson sets its own.
FOREIGN = ("LANES_", "CLIENTS", "MODEL", "WORKERS", "MAKE", "MFLAGS")
THE_READERS = ("LANES_PORT", "LANES_STATUS_PORT")


@dataclass(frozen=True)
class Ran:
    """A command's output, without colours: standard output and standard error together."""

    output: str
    exit_code: int
    seconds: float


def run(
    command: str, show: Callable[[str], object], patience: float = threading.TIMEOUT_MAX
) -> Ran:
    """Run a command in the root of the repository, and show each line as it comes.

    Its standard input is empty. After `patience` seconds, its process group is killed.
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
            os.killpg(process.pid, signal.SIGINT)  # its own group did not get Ctrl-C
            raise
        finally:
            killer.cancel()


def without_colours(text: str) -> str:
    """Return the text without control sequences."""
    return CONTROL.sub("", text)


def _environment() -> dict[str, str]:
    """Return the reader's environment, with this Python as `python3`, and unbuffered output."""
    theirs = {
        name: text
        for name, text in os.environ.items()
        if name in THE_READERS or not name.startswith(FOREIGN)
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), theirs.get("PATH", os.defpath)])
    return theirs | {"PATH": path, "PYTHONUNBUFFERED": "1"}
