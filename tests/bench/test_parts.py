"""Each part of a turn is a whole turn: it answers."""

import contextlib

import pytest

from bench import parts
from bench.contenders import MESSAGE


@pytest.mark.parametrize("part", parts.PARTS)
def test_each_answers_what_was_said_and_the_later_ones_record_it(part: str) -> None:
    with contextlib.closing(parts.Pair()) as pair:
        pair.client.send(3 * MESSAGE)
        parts.PARTS[part](pair)
        assert pair.client.recv(parts.SIZE) == 3 * parts.REPLY
        if part in {"+ counters, ticks, histogram", "+ giving way"}:
            record = pair.record
            sizes = 3 * len(MESSAGE), 3 * len(parts.REPLY)
            assert (record.messages, record.bytes_in, record.bytes_out) == (3, *sizes)
            assert sum(tick.events for tick in record.ticks) == sum(record.answers.counts) == 3


def test_each_has_a_figure_for_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PASSES", 1)
    measured = parts.measure(2)
    assert measured.keys() == parts.PARTS.keys()
    assert all(len(times) == 2 and min(times) > 0 for times in measured.values())
