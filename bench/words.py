"""Figures and rows in words: as many digits as count, the median with its least and most."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.rounds import middle

NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and the least and the most of them."""

    middle: float
    least: float
    most: float

    @property
    def side(self) -> str:
        """Of 1, where it is a ratio: on which side all rounds are."""
        return "more" if self.least > 1 else "fewer" if self.most < 1 else "either"


def spread(figures: Sequence[float]) -> Spread:
    """Of what the rounds gave."""
    return Spread(middle(figures), min(figures), max(figures))


def clients(row: str) -> str:
    """A row's name in words; any other name as it is."""
    count, by, outstanding = row.partition(" x ")
    if not count[0].isdigit():
        return row
    return f"{count} clients \N{MULTIPLICATION SIGN} {outstanding}" if by else f"{count} clients"


def crowds(rows: Iterable[str]) -> str:
    """Several rows' names in words: 3, 50 and 500 clients."""
    told = [clients(row) for row in rows]
    plain = [one.removesuffix(" clients") for one in told if one.endswith(" clients")]
    others = [one for one in told if not one.endswith(" clients")]
    return listed([f"{listed(plain)} clients", *others] if plain else others)


def number(value: float | None, digits: int = 3) -> str:
    """With so many digits that count."""
    if not value:
        return NOTHING if value is None else "0"
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def ratio(value: float) -> str:
    """Three digits that count, and two of what is below 1."""
    return number(value, 2 if round(value, 2) < 1 else 3)


def cell(one: Spread | None) -> str:
    """The median, with the least and the most in small where they differ."""
    if one is None:
        return NOTHING
    least, most = ratio(one.least), ratio(one.most)
    between = "" if least == most else f" <sub>{least}\N{EN DASH}{most}</sub>"
    return f"{ratio(one.middle)}{between}"


def span(ratios_of_rows: Iterable[Spread]) -> str:
    """From the least median to the most."""
    middles = sorted(one.middle for one in ratios_of_rows)
    ends = [ratio(middles[0]), ratio(middles[-1])]
    return " to ".join(dict.fromkeys(ends))


def listed(words: Sequence[str]) -> str:
    """One, two and three."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
