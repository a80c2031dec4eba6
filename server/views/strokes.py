"""Bars become strokes of a line: from one column to another, with messages on them and a label.

A stroke has an end where its bar begins and where it ends, so that two which touch can be told
apart. It has none where the session goes on, or where it has begun before the window.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from server.views.cells import Line, plain, shortened
from server.views.picture import Bar, Picture

# A stroke's characters: within it, where it begins, where it ends, and where it is one cell.
WAITING, SERVED, MESSAGE = "╌╶╴·", "━╺╸■", "┿┝┥│"
FAILED = "✗"
ALARM = "red"
COLOURS = (
    *("bright_blue", "yellow", "green", "magenta"),
    *("cyan", "bright_red", "bright_green", "bright_magenta"),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Those columns of a line in which the time of a picture passes."""

    picture: Picture
    first: int
    past: int

    def edge(self, moment: float) -> int:
        """The column that begins at that moment, or nearest to it; `past` for the end of all."""
        picture = self.picture
        share = (moment - picture.start) / (picture.at - picture.start)
        column = self.first + int(share * (self.past - self.first) + 0.5)
        return min(max(column, self.first), self.past)

    def cell(self, moment: float) -> int:
        """The column of something that has no length."""
        return min(self.edge(moment), self.past - 1)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A bar in columns: waiting from `first` to `turn`, served from there to before `past`."""

    bar: Bar
    first: int
    turn: int
    past: int


def strokes(bars: Iterable[Bar], columns: Columns) -> Iterator[Stroke]:
    """The bars of a row side by side; those have none whose columns are all taken."""
    free = columns.first
    for bar in bars:
        first = columns.cell(bar.start)
        past = max(columns.edge(bar.end), first + 1)
        first = max(first, free)
        if first < past:
            turn = past  # it is not served here
            if bar.turn < bar.end:
                turn = min(max(columns.edge(bar.turn), first), past - 1)
            yield Stroke(bar, first, turn, past)
            free = past


def draw_stroke(line: Line, stroke: Stroke, columns: Columns) -> None:
    """The stroke and the messages on it, in the client's colour."""
    bar, last, colour = stroke.bar, stroke.past - 1, COLOURS[stroke.bar.colour]
    messages = {min(max(columns.cell(at), stroke.turn), last) for at in bar.ticks}
    for column in range(stroke.first, stroke.past):
        served = MESSAGE if column in messages else SERVED
        begins = column == stroke.first and bar.start > columns.picture.start
        ends = column == last and not bar.open
        character = (WAITING if column < stroke.turn else served)[begins + 2 * ends]
        line.write(column, character, colour)


def draw_label(line: Line, stroke: Stroke, room: int) -> None:
    """Say whose it is where there is room: behind the stroke, between messages, or over them.

    Draw it after all strokes of the line. A failed end is marked in any case.
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
        line.write(stroke.first + 1, number, style)  # whose it is says more than each message
    if stroke.bar.failed:
        line.write(stroke.past - 1, FAILED, style)


def labels(bar: Bar, room: int) -> list[str]:
    """What to call it, the longest first; so many cells for the client's name at the most."""
    number, client = f"#{bar.session.number}", shortened(plain(bar.session.client), room)
    mark, reason = (f" {FAILED}", f" {FAILED} {bar.reason}") if bar.failed else ("", "")
    return [f"{number} {client}{reason}", f"{number}{reason}", f"{number}{mark}"]
