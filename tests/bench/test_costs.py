"""The costs of clients, of a turn's parts and of the log: measured in turn, and shown."""

import contextlib
import sys
from functools import partial

import pytest

from bench import parts, starting
from bench.cells import cell, crowd, number, ratio
from bench.contenders import MESSAGE, Running
from bench.figures import spread
from bench.rounds import in_turn


@pytest.mark.parametrize("kind", starting.KINDS)
def test_every_kind_costs_time_to_start_and_join_and_memory(kind: str) -> None:
    cost = starting.measure(kind, 3, sys.executable)
    assert min(cost.start, cost.join, cost.memory) > 0


@pytest.mark.parametrize(("written", "dropped", "part"), [(3, 1, 0.25), (0, 0, 0), (7, 0, 0)])
def test_the_dropped_part_of_the_log_is_read_from_the_metrics(
    monkeypatch: pytest.MonkeyPatch, written: int, dropped: int, part: float
) -> None:
    said = 'lanes_log_records_total{fate="%s"} %d.0\n'
    page = (said % ("written", written) + said % ("dropped", dropped)).encode()
    monkeypatch.setattr(Running, "ask", lambda *_: page)
    assert Running(1, 2, 3, 0.0).dropped() == part


@pytest.mark.parametrize("part", parts.PARTS)
def test_every_part_answers_and_the_later_ones_also_record(part: str) -> None:
    with contextlib.closing(parts.Pair()) as pair:
        pair.client.send(3 * MESSAGE)
        parts.PARTS[part](pair)
        assert pair.client.recv(parts.SIZE) == 3 * parts.REPLY
        if part in {"+ counters, ticks, histogram", "+ giving way"}:
            record = pair.record
            sizes = 3 * len(MESSAGE), 3 * len(parts.REPLY)
            assert (record.messages, record.bytes_in, record.bytes_out) == (3, *sizes)
            ticked = sum(count for *_, count in record.ticks.since())
            assert ticked == sum(record.answers.counts) == 3


def test_every_part_has_a_figure_for_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PASSES", 1)
    measured = parts.measure(2)
    assert measured.keys() == parts.PARTS.keys()
    assert all(len(times) == 2 and min(times) > 0 for times in measured.values())


@pytest.mark.parametrize(
    ("words", "right"),
    [
        # A number has three significant digits, a ratio below 1 has two; none is rounded up to 1.
        *((number(None), "—"), (number(0), "0"), (number(0.01234), "0.0123")),
        *((number(9.999), "10.0"), (number(1234.5), "1,230")),
        *((ratio(0.123), "0.12"), (ratio(0.994), "0.99"), (ratio(0.996), "0.996")),
        *((ratio(1.0), "1.00"), (ratio(12.34), "12.3")),
        *((cell(spread([2.0, 2.0])), "2.00"), (cell(None), "—")),
        # Rows are crowds of clients.
        (crowd("2,000"), "2,000 clients"),
        (crowd("50 x 16"), "50 clients \N{MULTIPLICATION SIGN} 16"),
    ],
)
def test_figures_and_rows_are_written_for_readers(words: str, right: str) -> None:
    assert words == right


def test_all_are_measured_each_round_and_another_goes_first() -> None:
    order: list[str] = []

    def measure(name: str) -> int:
        order.append(name)
        return len(order)

    names = ("a", "b", "c")
    measured = in_turn("a test", {name: partial(measure, name) for name in names}, 4)
    assert "".join(order) == "abcbcacababc"
    assert measured == {"a": [1, 6, 8, 10], "b": [2, 4, 9, 11], "c": [3, 5, 7, 12]}
