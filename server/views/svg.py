"""Picture -> SVG, by `templates/lanes.svg` (the shapes) and `templates/lanes.css` (the colours).

Letters keep their size whatever the width: a phone asks for a narrow drawing.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from server.replica import thread_name
from server.views.picture import Lane, Picture
from server.views.scale import Scale, Shape

WIDTH = 960  # pixels, as all that follow
NARROWEST, WIDEST = 320, 1920
MARGIN = 4
NAMES = 120  # the column of the threads' names, at least
BOLD = 7.4  # of one of their letters, about
FIGURE = 140  # one of the figures above
LANE, LINE = 36, 20  # heights: a lane, a line of text
HEAD, FOOT, GAP = 44, 44, 10  # heights: a row of figures, the time axis, what keeps them apart

# What no XML document may contain, not even escaped (XML 1.0, section 2.2).
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _legal(value: object) -> object:
    return ILLEGAL.sub("\ufffd", value) if type(value) is str else value


templates = Environment(
    loader=PackageLoader("server.views"),
    autoescape=True,
    finalize=_legal,  # whatever a template writes: names come from outside
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = Markup(templates.get_template("lanes.css").render())  # noqa: S704 - a file of our own


def draw(picture: Picture, width: int = WIDTH) -> Markup:
    """The drawing, so many pixels wide and as high as it needs to be."""
    names = max(NAMES, *(int(len(lane.thread) * BOLD) + GAP for lane in picture.lanes), 0)
    scale = Scale(picture, left=MARGIN + min(names, width // 2), right=width - MARGIN)
    figures = list(_figures(picture, width))
    top = figures[-1].y + HEAD + GAP
    rows = list(_rows(picture, scale, top))
    notes = list(_notes(picture))
    axis = top + LANE * len(rows) + LINE * len(notes) + GAP
    return Markup(  # noqa: S704 - the template has escaped what came from outside
        templates.get_template("lanes.svg").render(
            picture=picture,
            scale=scale,
            width=width,
            height=axis + FOOT,
            margin=MARGIN,
            top=top,
            axis=axis,
            figures=figures,
            rows=rows,
            notes=notes,
            time=moment(picture.at),
            style=STYLE,
        )
    )


class Row(NamedTuple):
    """A lane, or a row of the queue; `y` is where it begins."""

    y: int
    name: str  # of its thread, or of the queue where that begins
    lane: Lane | None
    shapes: list[Shape]


def _rows(picture: Picture, scale: Scale, top: int) -> Iterator[Row]:
    queues = [thread_name(bars[0].session.replica, "queue") for bars in picture.queue]
    rows = [
        *(
            ("" if name == before else name, None, bars)
            for name, before, bars in zip(queues, ["", *queues], picture.queue, strict=False)
        ),
        *((lane.thread, lane, lane.bars) for lane in picture.lanes),
    ]
    for line, (name, lane, bars) in enumerate(rows):
        yield Row(top + LANE * line, name, lane, scale.row(bars))


def moment(at: float) -> str:
    """A moment for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class Figure(NamedTuple):
    """A number above the lanes."""

    x: int
    y: int
    value: str
    name: str


def _figures(picture: Picture, width: int) -> Iterator[Figure]:
    columns = (width - 2 * MARGIN) // FIGURE
    for place, (name, value) in enumerate(picture.figures().items()):
        line, column = divmod(place, columns)
        yield Figure(MARGIN + FIGURE * column, HEAD * line, value, name)


def _notes(picture: Picture) -> Iterator[str]:
    if not picture.lanes and not picture.queue:
        yield f"Nobody was here in the last {round(picture.at - picture.start, 1):g} s."
    if picture.queue_more:
        yield f"{picture.queue_more} more rows of the queue are not drawn."
    if picture.lanes_more:
        more = picture.lanes_more
        yield f"{more} more lanes are not drawn: these were used last. The report has all sessions."
    yield from picture.replicas
