"""Picture -> SVG, by `templates/lanes.svg` (the shapes) and `templates/lanes.css` (the colours).

Letters keep their size whatever the width: a phone asks for a narrow drawing.
"""

from markupsafe import Markup

from lanes import marks
from lanes.picture import Picture
from lanes.svg.scale import Scale
from lanes.templates import templates_of

WIDTH = 960  # pixels, as all that follow
NARROWEST, WIDEST = 320, 1920
MARGIN = 4
NAMES = 120  # the column of the threads' names, at least
BOLD = 7.4  # of one of their letters, about
FIGURE = 140  # one of the figures above
LANE, LINE = 36, 20  # heights: a lane, a line of text
HEAD, FOOT, GAP = 44, 44, 10  # heights: a row of figures, the time axis, what keeps them apart

templates = templates_of("lanes.svg")
STYLE = Markup(templates.get_template("lanes.css").render())  # noqa: S704 - a file of our own


def draw(picture: Picture, width: int = WIDTH) -> Markup:
    """The drawing, as high as it needs to be."""
    names = max(NAMES, *(int(len(lane.thread) * BOLD) + GAP for lane in picture.lanes), 0)
    scale = Scale(picture, left=MARGIN + min(names, width // 2), right=width - MARGIN)
    figures = marks.figures(picture)
    columns = (width - 2 * MARGIN) // FIGURE
    top = HEAD * -(-len(figures) // columns) + GAP
    rows = [(row, scale.row(row.bars)) for row in marks.rows(picture)]
    notes = [*marks.notes(picture), *marks.replicas(picture)]
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
            columns=columns,
            rows=rows,
            notes=notes,
            lane=LANE,
            style=STYLE,
        )
    )
