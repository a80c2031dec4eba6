"""The two HTML documents: the live page, and the report to keep. Each is one complete file.

So they work offline, and under a Content-Security-Policy that names exactly the styles and the
script in them: nothing else is loaded or run, whatever name a client gives itself.
"""

import base64
import hashlib

from markupsafe import Markup

from lanes import notes
from lanes.page.query import Query
from lanes.page.settings import in_words
from lanes.page.table import table_of
from lanes.snapshot import Snapshot
from lanes.svg.drawing import STYLE as LANES_STYLE
from lanes.svg.drawing import draw
from lanes.templates import templates_of

ROWS = 100  # of the live page's table, which changes twice a second
EARLIER = 1 / 2  # of the window: how far one step goes back
INSTANT = 0.001  # seconds: a paused page shows the past at once, from its first drawing on
ORDINARY = Query()

templates = templates_of("lanes.page")
STYLE = Markup(templates.get_template("page.css").render())  # noqa: S704 - a file of our own
SCRIPT = Markup("\n").join(  # in this order: the second uses what the first defines
    Markup(templates.get_template(name).render())  # noqa: S704 - files of our own
    for name in ("page.js", "hands.js")
)
templates.globals |= {
    "style": STYLE,
    "script": SCRIPT,
    "news": "",
    "more": 0,
    "known": False,
    "uncounted": frozenset(),
    "notes": [],
    "report": False,
    "story": "",
}


def _sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_sha256(STYLE)} {_sha256(LANES_STYLE)}; "
    f"script-src {_sha256(SCRIPT)}; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def live(snapshot: Snapshot, query: Query = ORDINARY) -> str:
    """The page that keeps itself up to date; its table has the latest sessions of the picture."""
    picture = query.picture(snapshot)
    sessions = picture.sessions()
    table = table_of(sessions, fold=not query.unfold)
    page = templates.get_template("page.html").render(
        drawing=draw(picture, query.width, query.height, marked=query.marked, noted=False),
        story=next(
            (notes.story(one, picture.at) for one in sessions if one.key == query.marked), ""
        ),
        picture=picture,
        at=picture.at,
        now=snapshot.at,
        lines=table.lines(ROWS, query.marked),
        known=_known(snapshot),
        uncounted=snapshot.uncounted,
        more=max(len(table) - ROWS, 0),
        notes=[*notes.notes(picture), *notes.replicas(picture)],
        query=query,
        step=picture.span * EARLIER,
        instant=INSTANT,
        folded=sum(lane.folded for lane in picture.lanes),
        labels=[part.replica for part in snapshot.parts],
    )
    return page.replace(">\n<", "><")  # else half of the nodes that a browser compares are blank


def _known(snapshot: Snapshot) -> bool:
    """Whether any session was seen from outside, so that the table says how it is known."""
    return any(session.how for session in snapshot.sessions)


def not_yet(news: str, query: Query = ORDINARY) -> str:
    """The live page before any server has answered: it says so and keeps trying."""
    return templates.get_template("page.html").render(
        news=news, drawing="", picture=None, now=0, lines=[], notes=[], query=query, labels=[]
    )


def report(snapshot: Snapshot, query: Query = ORDINARY) -> str:
    """The page to hand in, with the settings, and with all sessions that are remembered.

    It can show the past: clients that came later are in neither the picture nor the table.
    """
    picture = query.picture(snapshot)
    table = table_of(picture.snapshot.sessions)
    return templates.get_template("report.html").render(
        drawing=draw(picture, query.width, query.height),
        at=picture.at,
        lines=table.lines(len(table)),
        known=_known(snapshot),
        uncounted=snapshot.uncounted,
        servers=[(server, list(in_words(server))) for server in snapshot.servers],
        report=True,
        query=query,
    )
