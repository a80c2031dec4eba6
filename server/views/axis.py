"""The time under the lanes: seconds back from now, and when clients were refused.

  ┴─────────┴──────▲2─┴───────┴
-5 s      -3 s      -1 s     now
"""

from collections.abc import Iterator

from rich.text import Text

from server.views.cells import Line
from server.views.strokes import ALARM, Columns

REFUSED = "▲"
FAINT = "dim"
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)  # seconds
BETWEEN = 2  # cells from one label to the next, at least


def draw_axis(columns: Columns, width: int) -> Iterator[Text]:
    """The line under the lanes with the refusals on it, and the seconds under that."""
    span = columns.picture.at - columns.picture.start
    axis, seconds = Line(width), Line(width)
    axis.write(columns.first, "─" * (columns.past - columns.first), FAINT)
    most = (columns.past - columns.first) / (len(_ago(int(span))) + BETWEEN)
    step = next((step for step in STEPS if span / step <= most), STEPS[-1])
    for back in range(0, int(span) + 1, step):
        column, label = columns.cell(columns.picture.at - back), _ago(back)
        axis.write(column, "┴", FAINT)
        seconds.write(max(column - len(label) // 2, 0), label, FAINT)
    for column, refused in _refusals(columns):
        axis.write(column, f"{REFUSED}{refused}", ALARM)
    yield axis.text()
    yield seconds.text()


def _ago(seconds: int) -> str:
    return f"\N{MINUS SIGN}{seconds} s" if seconds else "now"


def _refusals(columns: Columns) -> Iterator[tuple[int, int]]:
    """In which column, and how many; those that would stand upon each other are one."""
    column, refused = columns.first, 0
    for moment, count in columns.picture.refusals:
        here = columns.cell(moment)
        if refused and here > column + len(str(refused)):
            yield column, refused
            refused = 0
        column = column if refused else here
        refused += count
    if refused:
        yield column, refused
