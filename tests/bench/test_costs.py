"""What a client of one's own costs, and how much of its log the server dropped."""

import sys

import pytest

from bench import starting
from bench.contenders import Running


@pytest.mark.parametrize("kind", starting.KINDS)
def test_each_kind_is_started_and_joined_and_has_memory(kind: str) -> None:
    cost = starting.measure(kind, 3, sys.executable)
    assert min(cost.start, cost.join, cost.memory) > 0


@pytest.mark.parametrize(("written", "dropped", "part"), [(3, 1, 0.25), (0, 0, 0), (7, 0, 0)])
def test_the_part_of_the_log_that_was_dropped(
    monkeypatch: pytest.MonkeyPatch, written: int, dropped: int, part: float
) -> None:
    fates = {"written": written, "dropped": dropped}
    said = (f'lanes_log_records_total{{fate="{fate}"}} {fates[fate]}.0\n' for fate in fates)
    page = "".join(said).encode()
    monkeypatch.setattr(Running, "ask", lambda *_: page)
    assert Running(1, 2, 3, 0.0).dropped() == part
