"""The two HTML documents: the live page, and the report to keep. Each is one file, and complete.

So they work offline, and under a Content-Security-Policy that names the very styles and the script
they contain: nothing else is loaded or run, whatever a client may call itself.
"""

import base64
import hashlib

from markupsafe import Markup

from lanes.layout import picture_of
from lanes.snapshot import Snapshot
from lanes.svg.drawing import STYLE as LANES_STYLE
from lanes.svg.drawing import WIDTH, draw
from lanes.templates import templates_of

ROWS = 100  # of the live page's table, which changes twice a second
templates = templates_of("lanes.page")
STYLE = Markup(templates.get_template("page.css").render())  # noqa: S704 - a file of our own
SCRIPT = Markup(templates.get_template("page.js").render())  # noqa: S704 - a file of our own
templates.globals |= {"style": STYLE, "script": SCRIPT, "news": "", "earlier": 0, "known": False}


def _sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; style-src {_sha256(STYLE)} {_sha256(LANES_STYLE)}; "
    f"script-src {_sha256(SCRIPT)}; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def live(snapshot: Snapshot, width: int = WIDTH, seconds: float | None = None) -> str:
    """The page that keeps itself up to date; its table has the latest sessions of the picture."""
    picture = picture_of(snapshot, seconds)
    sessions = picture.sessions()
    return templates.get_template("page.html").render(
        drawing=draw(picture, width),
        at=snapshot.at,
        sessions=sessions[-ROWS:],
        known=_known(snapshot),
        earlier=len(sessions[:-ROWS]),
        query=f"?seconds={seconds:g}" if seconds else "",  # what is kept shows as much
        labels=[part.replica for part in snapshot.parts],
    )


def _known(snapshot: Snapshot) -> bool:
    """Whether any session was seen from outside, so that the table says how it is known."""
    return any(session.how for session in snapshot.sessions)


def not_yet(news: str) -> str:
    """The live page if no server has answered yet: it says so and keeps trying."""
    return templates.get_template("page.html").render(
        news=news, drawing="", sessions=[], query="", labels=[]
    )


def report(snapshot: Snapshot, width: int = WIDTH, seconds: float | None = None) -> str:
    """The same to hand in, with the settings, and with all sessions that are remembered."""
    return templates.get_template("report.html").render(
        drawing=draw(picture_of(snapshot, seconds), width),
        at=snapshot.at,
        sessions=snapshot.sessions,
        known=_known(snapshot),
        servers=snapshot.servers,
    )
