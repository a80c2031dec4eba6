"""The grade book: a row for each submission, with points by weights."""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from grading.outcome import Outcome

COLUMNS = (
    *("name", "result", "passed", "failed", "not tried", "failed checks", "not tried checks"),
    *("points", "of", "likely first cause"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate what begins so
Weights = Mapping[str, float]


def read_weights(file: Path) -> Weights:
    """Points by check; raises ValueError or OSError."""
    weights = tomllib.loads(file.read_text(encoding="utf-8"))
    for name, points in weights.items():
        if isinstance(points, bool) or not isinstance(points, int | float) or points < 0:
            raise ValueError(f"{name} = {points!r} is no number of points")
    return weights


def points(outcome: Outcome, weights: Weights) -> tuple[float, float]:
    """The points, and of how many: where nothing failed, what was not tried counts for neither.

    After a failure it counts: a server that ends in one check cannot be tried by the next.
    """
    left_out = set() if outcome.named("failed") else set(outcome.named("not tried"))
    most = sum(points for name, points in weights.items() if name not in left_out)
    return sum(weights.get(name, 0) for name in outcome.named("passed")), most


def write_book(file: Path, outcomes: Iterable[tuple[str, Outcome]], weights: Weights) -> None:
    """All rows, in the order of the names."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        book = csv.writer(opened)
        book.writerow(COLUMNS)
        for name, outcome in sorted(outcomes):
            book.writerow(map(_harmless, _row(name, outcome, weights)))


def _row(name: str, outcome: Outcome, weights: Weights) -> Iterable[str]:
    failed, not_tried = outcome.named("failed"), outcome.named("not tried")
    result = outcome.said.partition(":")[0]
    yield from (name, result, str(len(outcome.named("passed"))), str(len(failed)))
    yield from (str(len(not_tried)), " ".join(failed), " ".join(not_tried))
    yield from (f"{number:g}" for number in points(outcome, weights))
    yield outcome.cause


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
