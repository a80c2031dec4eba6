"""Picture -> text for a terminal: a line for each thread, a stroke for each session.

    Thread-1  27  ┝━━━━━┿━━━━━┿━━━━┥ #1 client-1
    Thread-2  28  ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┿━━━━━┿━━━━ #2 client-2
                  ┴─────────┴─────────┴───────┴
                -5 s      -3 s      -1 s     now

`strokes` draws a session, `axis` the time, `table` the facts below; this puts them in their places.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.console import Console, Group
from rich.text import Text

from server.replica import thread_name
from server.views.axis import FAINT, REFUSED, draw_axis
from server.views.cells import Line, plain
from server.views.layout import used_last
from server.views.picture import Bar, Picture
from server.views.strokes import (
    FAILED,
    MESSAGE,
    SERVED,
    WAITING,
    Columns,
    draw_label,
    draw_stroke,
    labels,
    strokes,
)
from server.views.table import draw_table

LEGEND = (
    f"{WAITING[0] * 2} waits   {SERVED[0] * 2} is served   {MESSAGE[0]} messages   "
    f"{FAILED} failed   {REFUSED} refused"
)
STRONG = "bold"
GAP = 2  # cells between what stands side by side
BEHIND = 4  # cells behind the lanes at least: half of "now", or a count of refusals
WIDTH = 100  # cells where the output is no terminal
REPLICAS = 8  # that have a line of their own
BELOW = 5  # lines under the lanes: three notes at most, and the time


def open_console() -> Console:
    """Standard output; colours and a width of its own are a terminal's."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def draw(picture: Picture, width: int, height: int | None = None) -> Group:
    """The figures, the lanes, and their sessions; no line has more than `width` cells.

    At most `height` lines, where 40 cells and 12 lines are there at all: first the lanes, then
    the sessions in what is left.
    """
    height = height or sys.maxsize
    legend = Text(LEGEND, FAINT, no_wrap=True, overflow="ellipsis")
    above = [*_figures(picture, width), *_replicas(picture), legend, Text()]
    room = max(height - len(above) - BELOW, 1)
    lanes = list(_lanes(fitted(picture, room), width))
    return Group(*above, *lanes, *draw_table(picture, width, height - len(above) - len(lanes)))


def fitted(picture: Picture, rows: int) -> Picture:
    """The same with so many rows at most: half of them for the queue, and the lanes used last."""
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
    """As many in a line as have room."""
    line = Text()
    for name, value in picture.figures().items():
        figure = Text.assemble(f"{name} ", (value, STRONG))
        if line and line.cell_len + GAP + figure.cell_len > width:
            yield line
            line = Text()
        line.append(" " * GAP if line else "").append(figure)
    yield line


def _replicas(picture: Picture) -> Iterator[Text]:
    """A line about each, and how many there are besides."""
    for line in picture.replicas[:REPLICAS]:
        yield Text(plain(line), FAINT, no_wrap=True, overflow="ellipsis")
    if more := picture.replicas[REPLICAS:]:
        yield Text(f"… {len(more)} more replicas", FAINT)


def _lanes(picture: Picture, width: int) -> Iterator[Text]:
    """A line for each row of the queue and for each thread, what is not among them, the time."""
    rows: list[tuple[str, str, Sequence[Bar]]] = [
        *((thread_name(row[0].session.replica, "queue"), "", row) for row in picture.queue),
        *((lane.thread, str(lane.native_id), lane.bars) for lane in picture.lanes),
    ]
    thread, native = (max((len(row[part]) for row in rows), default=0) for part in (0, 1))
    room = width // 4  # for a client's name
    behind = max((cell_len(labels(bars[-1], room)[0]) + 1 for *_, bars in rows), default=0)
    left, right = thread + GAP + native + GAP, width - max(min(behind, width // 3), BEHIND)
    columns = Columns(picture, left, max(right, left + 1))
    unseen = 0
    for name, number, bars in rows:
        line = Line(width)
        line.write(0, name, STRONG)
        line.write(thread + GAP, number.rjust(native), FAINT)
        drawn = list(strokes(bars, columns))
        for stroke in drawn:
            draw_stroke(line, stroke, columns)
        for stroke in drawn:
            draw_label(line, stroke, room)
        unseen += len(bars) - len(drawn)
        yield line.text()
    yield from (Text(note, FAINT) for note in _notes(picture, unseen))
    yield from draw_axis(columns, width)


def _notes(picture: Picture, unseen: int) -> Iterator[str]:
    if not picture.queue and not picture.lanes:
        yield f"nobody was here in the last {round(picture.at - picture.start, 1):g} s"
    if picture.queue_more:
        yield f"… {picture.queue_more} more rows of the queue"
    if picture.lanes_more:
        yield f"… {picture.lanes_more} more lanes"
    if unseen:
        yield f"… {unseen} more sessions, too short to draw"
