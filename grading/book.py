"""The grade book: a row for each submission, with weighted points."""

import csv
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import filterfalse
from pathlib import Path
from typing import NamedTuple

from grading.outcome import Outcome

COLUMNS = (
    *("name", "result", "passed", "failed", "not tried", "failed checks", "not tried checks"),
    *("points", "of", "percent", "likely first cause"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would evaluate such cells
Weights = Mapping[str, float]


def read_weights(file: Path) -> Weights:
    """Return the points for each check; raises ValueError or OSError."""
    weights = tomllib.loads(file.read_text(encoding="utf-8"))
    for name, points in weights.items():
        if isinstance(points, bool) or not isinstance(points, int | float) or points < 0:
            raise ValueError(f"{name} = {points!r} is no number of points")
    return weights


class Points(NamedTuple):
    """The points that a submission earned, and how many it could have earned."""

    had: float
    of: float

    def __str__(self) -> str:
        return f"{self.had:g} of {self.of:g} ({self.percent} %)" if self.of else "none"

    @property
    def percent(self) -> str:
        """Percent, comparable across submissions whichever checks were tried; empty if none."""
        return f"{100 * self.had / self.of:.1f}".removesuffix(".0") if self.of else ""


def points(outcome: Outcome, weights: Weights) -> Points:
    """Return the points for the checks that could be tried; the others do not count."""
    most = sum(points for name, points in weights.items() if name not in outcome.left_out)
    return Points(sum(weights.get(name, 0) for name in outcome.named("passed")), most)


def write_book(file: Path, outcomes: Iterable[tuple[str, Outcome]], weights: Weights) -> None:
    """Write all rows, sorted by name."""
    with file.open("w", encoding="utf-8-sig", newline="") as opened:  # Excel needs the BOM
        book = csv.writer(opened)
        book.writerow(COLUMNS)
        for name, outcome in sorted(outcomes, key=lambda row: _alphabetical(row[0])):
            book.writerow(map(_harmless, _row(name, outcome, weights)))


def _row(name: str, outcome: Outcome, weights: Weights) -> Iterable[str]:
    failed, not_tried = outcome.named("failed"), outcome.named("not tried")
    result = outcome.said.partition(":")[0]
    yield from (name, result, str(len(outcome.named("passed"))), str(len(failed)))
    yield from (str(len(not_tried)), " ".join(failed), " ".join(not_tried))
    had = points(outcome, weights)
    yield from (f"{had.had:g}", f"{had.of:g}", had.percent) if outcome.judged else ("", "", "")
    yield outcome.cause


def _alphabetical(name: str) -> tuple[str, str]:
    """Return a sort key: umlauts next to their letters, lower case next to upper case."""
    plain = filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", name))
    return "".join(plain).casefold(), name


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
