"""The clock of the records, beside those of the machine."""

import runpy
import time

import pytest

from server import clock
from server.clock import now


def test_when_the_process_starts_it_shows_the_time_of_the_wall() -> None:
    before = time.time()
    shown = runpy.run_path(clock.__file__)["now"]()
    assert before - 1 < shown < time.time() + 1


def test_it_runs_on_when_the_wall_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = now()
    monkeypatch.setattr(time, "time", lambda: 0.0)  # a test may not set the machine's own
    assert now() >= before


def test_it_goes_as_fast_as_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    began = now()
    monotonic = time.monotonic() + 3600
    monkeypatch.setattr(time, "monotonic", lambda: monotonic)
    assert now() - began == pytest.approx(3600, abs=1)
