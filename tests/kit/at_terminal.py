"""A program of ours on a terminal of its own."""

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.kit.command import ROOT
from tests.kit.waiting import SECONDS


def heed_ctrl_c() -> None:
    """Background jobs of a shell, such as these tests, are made to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def at_terminal(package: str, *words: str) -> Iterator[tuple["pexpect.spawn[str]", io.StringIO]]:
    """The program on a terminal of its own, and everything that its screen has shown."""
    screen = io.StringIO()
    spawned = pexpect.spawn(
        sys.executable,
        ["-m", package, *words],
        cwd=str(ROOT),
        env=os.environ | {"TERM": "xterm"},
        encoding="utf-8",
        timeout=SECONDS,
        preexec_fn=heed_ctrl_c,
    )
    with spawned as terminal:
        terminal.logfile_read = screen
        yield terminal, screen


def exit_code(terminal: "pexpect.spawn[str]") -> int | None:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus
