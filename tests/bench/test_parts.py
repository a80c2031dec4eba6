"""Each part of a turn is a whole turn: it answers."""

import contextlib
from collections.abc import Callable

import pytest

from bench import parts
from bench.contenders import MESSAGE


@pytest.mark.parametrize("part", parts.PARTS.values())
def test_each_answers_what_was_said(part: Callable[[parts.Pair], None]) -> None:
    with contextlib.closing(parts.Pair()) as pair:
        pair.client.send(3 * MESSAGE)
        part(pair)
        assert pair.client.recv(parts.SIZE) == 3 * parts.REPLY


def test_what_is_recorded_is_what_a_session_records() -> None:
    with contextlib.closing(parts.Pair()) as pair:
        pair.client.send(3 * MESSAGE)
        parts.recorded(pair)
        record = pair.record
        assert (record.messages, record.bytes_in) == (3, 3 * len(MESSAGE))
        assert record.bytes_out == 3 * len(parts.REPLY)
        assert sum(tick.events for tick in record.ticks) == 3
        assert sum(record.answers.counts) == 3


def test_each_has_a_figure_for_each_round() -> None:
    measured = parts.measure(2)
    assert measured.keys() == parts.PARTS.keys()
    assert all(len(times) == 2 and min(times) > 0 for times in measured.values())
