"""One of our programs on its own terminal."""

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
    """Restore Ctrl-C, which a shell's background jobs, such as these tests, ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def at_terminal(package: str, *words: str) -> Iterator[tuple["pexpect.spawn[str]", io.StringIO]]:
    """Run the program on its own terminal; yield both it and all that its screen has shown."""
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
