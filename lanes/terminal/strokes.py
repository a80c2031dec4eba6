"""Bars -> strokes of a line: from one column to another, with messages on them and a label.

A stroke is marked where its bar begins and where it ends, so that two that touch can be told apart.
There is no mark if the session is still open, or began before the window. Below the strokes is the
time: seconds back from now, and when clients were refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from lanes import marks
from lanes.picture import Bar, Picture
from lanes.terminal.cells import Line, plain, shortened

# A stroke's characters: within it, where it begins, where it ends, and if it is only one cell.
WAITING, SERVED, MESSAGE = "╌╶╴·", "━╺╸■", "┿┝┥│"
REFUSED = "▲"
ALARM, FAINT = "red", "dim"
BETWEEN = 2  # cells between two labels of seconds, at least
COLOURS = (  # in the order of similar ones in lanes.css; red is for alarm
    *("bright_red", "cyan", "magenta", "green"),
    *("bright_blue", "yellow", "bright_cyan", "bright_magenta"),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a line that show the time of a picture."""

    picture: Picture
    first: int
    past: int

    def edge(self, moment: float) -> int:
        """Return the column that begins nearest to that moment; `past` for the end."""
        picture = self.picture
        share = (moment - picture.start) / picture.span
        column = self.first + int(share * (self.past - self.first) + 0.5)
        return min(max(column, self.first), self.past)

    def cell(self, moment: float) -> int:
        """Return the column of something that has no length."""
        return min(self.edge(moment), self.past - 1)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A bar in columns: waiting from `first` to `turn`, served from there to before `past`."""

    bar: Bar
    first: int
    turn: int
    past: int


def strokes(bars: Iterable[Bar], columns: Columns) -> Iterator[Stroke]:
    """Yield the bars of a row side by side; one whose columns are all taken has no stroke."""
    free = columns.first
    for bar in bars:
        first = columns.cell(bar.start)
        past = max(columns.edge(bar.end), first + 1)
        first = max(first, free)
        if first < past:
            turn = min(max(columns.edge(bar.turn), first), past - 1) if bar.served else past
            yield Stroke(bar, first, turn, past)
            free = past


def draw_stroke(line: Line, stroke: Stroke, columns: Columns) -> None:
    """Draw the stroke and the messages on it, in the colour of its bar."""
    bar, last, colour = stroke.bar, stroke.past - 1, COLOURS[stroke.bar.colour]
    messages = {min(max(columns.cell(at), stroke.turn), last) for at, _ in bar.ticks}
    for column in range(stroke.first, stroke.past):
        served = MESSAGE if column in messages else SERVED
        begins = column == stroke.first and bar.start > columns.picture.start
        ends = column == last and not bar.open
        character = (WAITING if column < stroke.turn else served)[begins + 2 * ends]
        line.write(column, character, colour)


def draw_label(line: Line, stroke: Stroke, room: int) -> None:
    """Write whose it is if there is room: behind the stroke, between messages, or over them.

    Call this after all strokes of the line are drawn. A failure is marked in any case.
    """
    style = ALARM if stroke.bar.failed else ""
    for label in labels(stroke.bar, room):
        if line.is_free(stroke.past, 1 + cell_len(label)):
            line.write(stroke.past + 1, label, style)
            return
        for text in (f" {label} ", label):
            for within in (SERVED[0], WAITING[0]):
                column = line.find(within * cell_len(text), stroke.first, stroke.past)
                if column is not None:
                    line.write(column, text, style)
                    return
    number = f"#{stroke.bar.session.number}"
    if stroke.past - stroke.first > 1 + len(number):
        line.write(stroke.first + 1, number, style)  # its number says more than single messages
    if stroke.bar.failed:
        line.write(stroke.past - 1, marks.FAILED, style)


def labels(bar: Bar, room: int) -> list[str]:
    """Return labels for a bar, longest first; the client's name takes at most `room` cells."""
    captions = marks.captions(bar, shortened(plain(bar.session.name), room))
    return [plain(caption) for caption in captions]


def draw_axis(columns: Columns, width: int) -> Iterator[Text]:
    """Yield the line under the lanes with the refusals on it, and the seconds under that."""
    axis, seconds = Line(width), Line(width)
    length = columns.past - columns.first
    axis.write(columns.first, "─" * length, FAINT)
    for at, label in marks.axis(columns.picture, length, lambda label: len(label) + BETWEEN):
        column = columns.cell(at)
        axis.write(column, "┴", FAINT)
        seconds.write(max(column - len(label) // 2, 0), label, FAINT)
    refusals = marks.refusals(columns.picture, columns.cell, lambda count: len(f"{REFUSED}{count}"))
    for place, count in refusals:
        axis.write(int(place), f"{REFUSED}{count}", ALARM)
    yield axis.text()
    yield seconds.text()
