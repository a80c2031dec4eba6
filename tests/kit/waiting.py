"""Tests wait for conditions, never for a time."""

import os
import threading
import time
from collections.abc import Callable

# Seconds after which a wait fails: long, because the machine may be busy. tests/mutants shortens it
# if it expects that the condition never holds.
SECONDS = float(os.environ.get("TESTS_SECONDS", "60"))
PAUSE = 0.005  # seconds between two checks


def wait_until(
    condition: Callable[[], object], seconds: float = SECONDS, *, pause: float = PAUSE
) -> float:
    """Check after each pause until the condition holds; return how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "the condition did not come true"
        time.sleep(pause)
    return time.monotonic() - began


def wait_for_end(thread: threading.Thread) -> None:
    """Join a thread; fail if it does not end in time."""
    thread.join(SECONDS)
    assert not thread.is_alive(), f"{thread.name} does not end"
