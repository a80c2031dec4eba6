"""SIGTERM and SIGINT: sent again and again, and received in the tests' own process."""

import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.waiting import PAUSE, SECONDS

NUMBERS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def handlers() -> Iterator[None]:
    """Restore this process's handlers after the test."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def signal_until_it_ends(process: subprocess.Popen[Any], number: int) -> None:
    """As an impatient user does, up to the process's last moment."""
    until = time.monotonic() + SECONDS
    while process.poll() is None:
        assert time.monotonic() < until, "it does not end"
        process.send_signal(number)
        time.sleep(PAUSE)
