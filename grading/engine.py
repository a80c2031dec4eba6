"""Runs Docker commands out of reach of Ctrl-C, so that they can be ended in order.

An interrupted Compose would leave behind a container that the engine is still creating.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Lock

PATIENCE = 10.0  # seconds from SIGTERM to SIGKILL: a build once ignored SIGTERM for minutes


class Stopped(Exception):
    """The grading is being stopped."""


class Late(Exception):
    """A command ran out of time and was ended."""


class Engine:
    """Runs commands, several at a time, until it is stopped."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._lock = Lock()
        self._builds: set[subprocess.Popen[str]] = set()

    def run(
        self,
        *words: str,
        says: str = "",
        variables: Mapping[str, str] | None = None,
        within: float | None = None,
        builds: bool = False,
        merged: bool = False,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command; raises Stopped, or Late if it does not end `within` that many seconds.

        `stop` ends a command that `builds`, and lets others finish. If `merged`, standard error is
        part of the output.
        """
        with self._lock:
            if self._stopped.is_set():
                raise Stopped
            process = start(words, variables, merged=merged)
            if builds:
                self._builds.add(process)
        try:
            out, error = process.communicate(says, within)
        except subprocess.TimeoutExpired:
            end(process)
            raise Late from None
        finally:
            with self._lock:
                self._builds.discard(process)
        if self._stopped.is_set():
            raise Stopped
        return subprocess.CompletedProcess(words, process.returncode, out, error)

    def stop(self) -> None:
        """Start no more commands, and end the builds."""
        self._stopped.set()
        with self._lock:
            for process in self._builds:
                signal_to(process, signal.SIGTERM)


def start(
    words: Sequence[str], variables: Mapping[str, str] | None, *, merged: bool
) -> "subprocess.Popen[str]":
    """Start a command in its own process group."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        words,
        env=os.environ | (variables or {}),
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.STDOUT if merged else pipe,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    )


def signal_to(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """Send a signal to the process group, if any process is left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def end(process: "subprocess.Popen[str]") -> None:
    """End the process group with SIGTERM, or with SIGKILL if that does not help."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        signal_to(process, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=PATIENCE)
            return


def last_line(text: str) -> str:
    """Return the last non-blank line, without control characters, which a terminal would obey."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "".join(filter(str.isprintable, lines[-1]))[:300] if lines else ""
