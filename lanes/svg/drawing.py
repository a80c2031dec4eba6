"""Picture -> SVG, by `templates/lanes.svg` (the shapes) and `templates/lanes.css` (the colours).

Letters have the same size at any width: a phone asks for a narrow drawing. The more lanes there
are, the thinner they get, so that all of them fit on one screen.
"""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import NamedTuple

from markupsafe import Markup

from lanes import marks, notes
from lanes.picture import Picture
from lanes.svg.rows import Rows
from lanes.svg.scale import CHARACTER, Scale
from lanes.templates import templates_of

WIDTH, HEIGHT = 960, 640  # pixels, like all that follow
NARROWEST, WIDEST = 320, 1920
LOWEST, HIGHEST = 240, 1600
MARGIN = 4
NAMES = 120  # width of the column of thread names, at least
BOLD = 7.4  # width of a letter in such a name, about
FIGURE, BETWEEN = 92, 18  # width of a figure above the lanes, at least; the gap between two
LARGE, SMALL = 11.2, 6.4  # width of a letter in its value, and in its name, about
LINE = 20  # height of a line of text
HEAD, FOOT, GAP = 44, 44, 10  # heights: a row of figures, the time axis, a gap

templates = templates_of("lanes.svg")
STYLE = Markup(templates.get_template("lanes.css").render())  # noqa: S704 - a file of our own


class Figure(NamedTuple):
    """A figure above the lanes, and its place."""

    name: str
    value: str
    x: float
    y: int


def _placed(figures: Mapping[str, str], width: int) -> Iterator[Figure]:
    """Place figures side by side while there is room, then in the next line."""
    x, y = float(MARGIN), 0
    for name, value in figures.items():
        room = max(FIGURE, len(value) * LARGE, len(name) * SMALL)
        if x > MARGIN and x + room > width - MARGIN:
            x, y = MARGIN, y + HEAD
        yield Figure(name, value, round(x, 1), y)
        x += room + BETWEEN


def draw(
    picture: Picture,
    width: int = WIDTH,
    height: int = HEIGHT,
    *,
    marked: str = "",
    noted: bool = True,
) -> Markup:
    """Return the drawing, as high as it needs to be, but if possible no higher than `height`.

    One session may be marked. Without `noted`, the notes are left out: they are elsewhere.
    """
    names = max(NAMES, *(int(len(lane.thread) * BOLD) + GAP for lane in picture.lanes), 0)
    scale = Scale(picture, left=MARGIN + min(names, width // 2), right=width - MARGIN)
    figures = list(_placed(notes.figures(picture), width))
    top = figures[-1].y + HEAD + GAP
    named = list(marks.rows(picture))
    told = [*notes.notes(picture), *notes.replicas(picture)] if noted else []
    room = int((width - 2 * MARGIN) / CHARACTER)
    lines = [line for note in told for line in wrap(note, room)]
    below = LINE * len(lines) + GAP
    rows = Rows(len(named), height - top - below - FOOT)
    axis = top + rows.height + below
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
            lanes=[(row, scale.row(row.bars, rows)) for row in named],
            notes=lines,
            marked=marked,
            style=STYLE,
        )
    )
