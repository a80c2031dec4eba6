"""Figures in words: as many digits as count, and no more."""

import pytest

from bench.words import Spread, cell, clients, crowds, listed, number, ratio, span, spread

DASH, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"


@pytest.mark.parametrize(
    ("words", "right"),
    [
        # A number has three digits that count, a ratio below one has two; none is rounded up to 1.
        *((number(None), "—"), (number(0), "0"), (number(0.01234), "0.0123")),
        *((number(9.999), "10.0"), (number(1234.5), "1,230")),
        *((ratio(0.123), "0.12"), (ratio(0.994), "0.99"), (ratio(0.996), "0.996")),
        *((ratio(1.0), "1.00"), (ratio(12.34), "12.3")),
        # A cell has the ends of the rounds where they differ.
        (cell(spread([1.0, 3.0, 2.0])), f"2.00 <sub>1.00{DASH}3.00</sub>"),
        *((cell(spread([2.0, 2.0])), "2.00"), (cell(None), "—")),
        # From the least median to the most.
        (span([Spread(2, 0, 9), Spread(1.5, 1, 2)]), "1.50 to 2.00"),
        (span([Spread(2, 0, 9)]), "2.00"),
        # Rows are crowds of clients.
        *((clients("50 x 16"), f"50 clients {TIMES} 16"), (clients("all cores"), "all cores")),
        *((crowds(["3", "50"]), "3 and 50 clients"), (crowds(["visits"]), "visits")),
        (listed(["one", "two", "three"]), "one, two and three"),
    ],
)
def test_figures_and_rows_are_told_in_words(words: str, right: str) -> None:
    assert words == right
