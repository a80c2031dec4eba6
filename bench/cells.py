"""What a cell of a table says: a figure with as many digits as count, a spread, a row's name."""

import math
from collections.abc import Iterable

from bench.figures import Spread, load_share
from bench.load import Sample

NOTHING = "—"
FULL = 0.9  # of its core: a load that uses more is what was measured, not the server


def number(value: float | None, digits: int = 3) -> str:
    """Rounded to this many significant digits."""
    if not value:
        return NOTHING if value is None else "0"
    rounded = float(f"{value:.{digits}g}")
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def ratio(value: float) -> str:
    """Three significant digits, and two of what is below 1."""
    return number(value, 2 if round(value, 2) < 1 else 3)


def cell(one: Spread | None) -> str:
    """The median, with the lowest and the highest in small where they differ."""
    if one is None:
        return NOTHING
    least, most = ratio(one.least), ratio(one.most)
    between = "" if least == most else f" <sub>{least}\N{EN DASH}{most}</sub>"
    return f"{ratio(one.middle)}{between}"


def crowd(row: str) -> str:
    """A row's name in words; another name as it is."""
    count, by, outstanding = row.partition(" x ")
    if not count[0].isdigit():
        return row
    return f"{count} clients \N{MULTIPLICATION SIGN} {outstanding}" if by else f"{count} clients"


def markdown(head: Iterable[str], rows: Iterable[Iterable[str]], align: str = "--:") -> str:
    """A table; its first column is to the left."""
    first, *others = head
    lines = [[first, *others], ["---", *[align] * len(others)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def star(*measured: Iterable[Sample]) -> str:
    """The mark of a figure for which the load was the limit."""
    return r" \*" if any(load_share(samples) > FULL for samples in measured) else ""
