"""The clock that records use, compared with the machine's own."""

import runpy
import time

import pytest

from server.chat import clock
from server.chat.clock import now


def test_the_clock_starts_with_the_time_of_the_wall_clock() -> None:
    before = time.time()
    shown = runpy.run_path(clock.__file__)["now"]()
    assert before - 1 < shown < time.time() + 1


def test_the_clock_follows_the_monotonic_clock_not_the_wall_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = now()
    monotonic = time.monotonic() + 3600
    monkeypatch.setattr(time, "time", lambda: 0.0)  # a test must not set the real clock
    monkeypatch.setattr(time, "monotonic", lambda: monotonic)
    assert 3600 <= now() - began < 3600 + 60
