"""Formats the cells of a table: a figure with its significant digits, a spread, a row's name."""

import math
from collections.abc import Iterable

from bench.figures import Spread, load_share
from bench.load import Sample

NOTHING = "—"
FULL = 0.9  # of a core: if the load uses more, the figure is about the load, not the server


def number(value: float | None, digits: int = 3) -> str:
    """Format a number with this many significant digits; None becomes a dash."""
    if not value:
        return NOTHING if value is None else "0"
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def ratio(value: float) -> str:
    """Format a ratio with three significant digits, or two if it is below 1."""
    return number(value, 2 if round(value, 2) < 1 else 3)


def cell(one: Spread | None) -> str:
    """Format the median, followed by the lowest and highest in small print if they differ."""
    if one is None:
        return NOTHING
    least, most = ratio(one.least), ratio(one.most)
    between = "" if least == most else f" <sub>{least}\N{EN DASH}{most}</sub>"
    return f"{ratio(one.middle)}{between}"


def crowd(row: str) -> str:
    """Return a row's name in words; any other name unchanged."""
    count, by, outstanding = row.partition(" x ")
    if not count[0].isdigit():
        return row
    return f"{count} clients \N{MULTIPLICATION SIGN} {outstanding}" if by else f"{count} clients"


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]], align: str = "--:") -> str:
    """Return a table; the first column is left-aligned."""
    first, *others = head
    lines = [[first, *others], ["---", *[align] * len(others)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def star(*measured: Iterable[Sample]) -> str:
    """Return the mark for figures that the load limited, or nothing."""
    return r" \*" if any(load_share(samples) > FULL for samples in measured) else ""
