"""Picture -> text for a terminal: a line for each thread, a stroke for each session.

    Thread-1  27  ┝━━━━━┿━━━━━┿━━━━┥ #1 client-1
    Thread-2  28  ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┿━━━━━┿━━━━ #2 client-2
                  ┴─────────┴─────────┴───────┴
                -5 s      -3 s      -1 s     now

`strokes` draws sessions and the time, `table` the facts below; this module arranges them.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console, Group
from rich.text import Text

from lanes import marks, notes
from lanes.layout import used_last
from lanes.picture import Picture
from lanes.terminal import strokes
from lanes.terminal.cells import Line, plain
from lanes.terminal.strokes import FAINT, Columns
from lanes.terminal.table import draw_table

LEGEND = (
    f"{strokes.WAITING[0] * 2} waits   {strokes.SERVED[0] * 2} is served   "
    f"{strokes.MESSAGE[0]} messages   {marks.FAILED} failed   {strokes.REFUSED} refused"
)
STRONG = "bold"
GAP = 2  # cells between things side by side
BEHIND = 4  # cells behind the lanes at least: half of "now", or a count of refusals
REPLICAS = 8  # replicas that have a line of their own
ROWS = 80  # of lanes and of the queue at most, in a file as well as in a terminal
NOTES, TIME = 3, 2  # lines under the lanes: notes that always have room; the time
CUT = 3


def draw(picture: Picture, width: int, height: int | None = None) -> Group:
    """Return the figures, the lanes, and their sessions; no line has more than `width` cells.

    There are at most `height` lines, if that is at least 12 and `width` at least 40: first the
    lanes, then the sessions in the lines that are left.
    """
    height = height or sys.maxsize
    legend = Text(LEGEND, FAINT, no_wrap=True, overflow="ellipsis")
    above = [*_figures(picture, width), *_replicas(picture), legend, Text()]
    # A picture that is cut to fit has more notes, which say so.
    notes = max(min(len(_notes(picture, width)) + CUT, height // 3), NOTES)
    room = min(max(height - len(above) - notes - TIME, 1), ROWS)
    lanes = list(_lanes(fitted(picture, room), width, notes))
    return Group(*above, *lanes, *draw_table(picture, width, height - len(above) - len(lanes)))


def as_text(picture: Picture, width: int) -> str:
    """Return the drawing without colours, for a file or a message."""
    console = Console(width=width, force_terminal=False, color_system=None, highlight=False)
    with console.capture() as drawn:
        console.print(draw(picture, width))
    return drawn.get()


def fitted(picture: Picture, rows: int) -> Picture:
    """Cut a picture to `rows` rows: at most half for the queue, and the lanes used last."""
    queue = picture.queue[: rows // 2]
    lanes = used_last(picture.lanes, rows - len(queue))
    return replace(
        picture,
        queue=queue,
        queue_more=picture.queue_more + len(picture.queue) - len(queue),
        lanes=tuple(lanes),
        lanes_more=picture.lanes_more + len(picture.lanes) - len(lanes),
    )


def _figures(picture: Picture, width: int) -> Iterator[Text]:
    """Yield lines of figures, as many in a line as it has room for."""
    line = Text()
    for name, value in notes.figures(picture).items():
        figure = Text.assemble(f"{name} ", (plain(value), STRONG))
        if line and line.cell_len + GAP + figure.cell_len > width:
            yield line
            line = Text()
        line.append(" " * GAP if line else "").append(figure)
    yield line


def _replicas(picture: Picture) -> Iterator[Text]:
    """Yield a line about each of the first replicas, and how many more there are."""
    lines = notes.replicas(picture)
    for line in lines[:REPLICAS]:
        yield Text(plain(line), FAINT, no_wrap=True, overflow="ellipsis")
    if more := lines[REPLICAS:]:
        yield Text(f"… {len(more)} more replicas", FAINT)


def _notes(picture: Picture, width: int, unseen: int = 0) -> list[str]:
    return [line for note in notes.notes(picture, unseen) for line in wrap(plain(note), width)]


def _lanes(picture: Picture, width: int, most: int) -> Iterator[Text]:
    """Yield a line for each row of the queue and each thread, `most` lines of notes, the time."""
    rows = [
        (plain(row.name), "" if row.lane is None else str(row.lane.native_id or "-"), row.bars)
        for row in marks.rows(picture)
    ]
    names = max((cell_len(name) for name, *_ in rows), default=0)
    natives = max((len(native) for _, native, _ in rows), default=0)
    room = width // 4  # for a client's name
    behind = max((cell_len(strokes.labels(bars[-1], room)[0]) + 1 for *_, bars in rows), default=0)
    left, right = names + GAP + natives + GAP, width - max(min(behind, width // 3), BEHIND)
    columns = Columns(picture, left, max(right, left + 1))
    unseen = 0
    for name, native, bars in rows:
        line = Line(width)
        line.write(0, name, STRONG)
        line.write(names + GAP, native.rjust(natives), FAINT)
        drawn = list(strokes.strokes(bars, columns))
        for stroke in drawn:
            strokes.draw_stroke(line, stroke, columns)
        for stroke in drawn:
            strokes.draw_label(line, stroke, room)
        unseen += len(bars) - len(drawn)
        yield line.text()
    for note in _notes(picture, width, unseen)[:most]:
        yield Text(note, FAINT, no_wrap=True, overflow="ellipsis")
    yield from strokes.draw_axis(columns, width)
