"""Figures in words: as many digits as count, and no more."""

import pytest

from bench.words import Spread, cell, clients, crowds, listed, number, ratio, span, spread


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "—"), (0, "0"), (0.01234, "0.0123"), (9.999, "10.0"), (1234.5, "1,230")],
)
def test_a_number_has_three_digits_that_count(value: float | None, told: str) -> None:
    assert number(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.123, "0.12"), (0.994, "0.99"), (0.996, "0.996"), (1.0, "1.00"), (12.34, "12.3")],
)
def test_a_ratio_below_one_has_two_digits_and_none_is_rounded_up_to_one(
    value: float, told: str
) -> None:
    assert ratio(value) == told


def test_a_cell_has_the_ends_of_the_rounds_where_they_differ() -> None:
    assert cell(spread([1.0, 3.0, 2.0])) == "2.00 <sub>1.00\N{EN DASH}3.00</sub>"
    assert cell(spread([2.0, 2.0])) == "2.00"
    assert cell(None) == "—"


def test_from_the_least_median_to_the_most() -> None:
    assert span([Spread(2, 0, 9), Spread(1.5, 1, 2)]) == "1.50 to 2.00"
    assert span([Spread(2, 0, 9)]) == "2.00"


def test_rows_are_told_as_crowds_of_clients() -> None:
    assert clients("50 x 16") == "50 clients \N{MULTIPLICATION SIGN} 16"
    assert clients("all cores") == "all cores"
    assert crowds(["3", "50"]) == "3 and 50 clients"
    assert crowds(["visits"]) == "visits"
    assert listed(["one", "two", "three"]) == "one, two and three"
