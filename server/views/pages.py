"""The two HTML pages: the live one, and the report to keep. Each is one file that needs no other.

So they work offline, and under a Content-Security-Policy that names the very styles and the script
they contain: nothing else is loaded or run, whatever a client may call itself.
"""

import base64
import hashlib

from markupsafe import Markup

from server.registry import Snapshot
from server.views.picture import Picture
from server.views.svg import STYLE as LANES_STYLE
from server.views.svg import draw, moment, templates

STYLE = Markup(templates.get_template("page.css").render())  # noqa: S704 - a file of our own
SCRIPT = Markup(templates.get_template("page.js").render())  # noqa: S704 - a file of our own
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M1 3h9M4 8h11M2 13h7' stroke='%234a7bb5' stroke-width='3'/%3E%3C/svg%3E"
)
ROWS = 100  # of the live page's table, which changes twice a second
templates.filters["moment"] = moment


def _sha256(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src {_sha256(STYLE)} {_sha256(LANES_STYLE)}",
        f"script-src {_sha256(SCRIPT)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def live(snapshot: Snapshot, picture: Picture, width: int, seconds: float | None = None) -> str:
    """The page that keeps itself up to date; its table has the latest of those drawn."""
    sessions = picture.sessions()
    return templates.get_template("page.html").render(
        drawing=draw(picture, width),
        sessions=sessions[-ROWS:],
        earlier=len(sessions[:-ROWS]),
        query=f"?seconds={seconds:g}" if seconds else "",  # what is kept shows as much
        at=snapshot.at,
        style=STYLE,
        script=SCRIPT,
        icon=ICON,
    )


def report(snapshot: Snapshot, picture: Picture, width: int) -> str:
    """The same to hand in, with the settings, and with all sessions that are remembered."""
    return templates.get_template("report.html").render(
        drawing=draw(picture, width),
        sessions=snapshot.sessions,
        earlier=0,
        at=snapshot.at,
        started_at=snapshot.started_at,
        settings=snapshot.settings,
        style=STYLE,
        icon=ICON,
    )
