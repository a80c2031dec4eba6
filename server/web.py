"""The HTTP port: whether the server is well, and what its sessions are doing right now.

Health checks come here and never to the chat port: a probe must not take a thread or a number.
Every page is made from `registry.snapshot()` alone, /metrics from the log's counts besides; and
nothing can be changed here.
"""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from server.clock import HEADER, now
from server.dispatcher import HEALTH
from server.drawings import Drawings
from server.registry import Registry, Snapshot
from server.views import metrics, pages, svg
from server.views.layout import picture_of
from server.views.trace import trace_json
from server.writer import Counts

METHODS = ["GET", "HEAD"]
SHORTEST, LONGEST = 1, 86_400  # seconds that one can look back
FRESH = 0.2  # seconds that a view may be old: each is drawn five times a second at the most
STEP = 80  # pixels: so that windows about as wide can share a drawing
HEADERS = {
    "Content-Security-Policy": pages.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class View(NamedTuple):
    """How one wants to see it."""

    seconds: float | None  # back from now; None: as many as there is something to see
    width: int  # pixels


def _live(snapshot: Snapshot, view: View) -> str:
    return pages.live(snapshot, picture_of(snapshot, view.seconds), view.width, view.seconds)


def _report(snapshot: Snapshot, view: View) -> str:
    return pages.report(snapshot, picture_of(snapshot, view.seconds), view.width)


def _lanes_svg(snapshot: Snapshot, view: View) -> str:
    return svg.draw(picture_of(snapshot, view.seconds), view.width)


def _lanes_json(snapshot: Snapshot, view: View) -> str:
    return picture_of(snapshot, view.seconds).to_json()


def _sessions_json(snapshot: Snapshot) -> str:
    facts = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    del facts["totals"], facts["refusals"]  # /metrics has those
    return json.dumps({**facts, "sessions": [record.facts() for record in snapshot.sessions]})


JSON = "application/json"
HTML = "text/html; charset=utf-8"
# What is looked at again and again may be a moment old, and the views differ.
VIEWS: dict[str, tuple[str, Callable[[Snapshot, View], str]]] = {
    "/": (HTML, _live),
    "/report.html": (HTML, _report),
    "/lanes.svg": ("image/svg+xml; charset=utf-8", _lanes_svg),
    "/lanes.json": (JSON, _lanes_json),
}
# What is there for programs is as it was when they asked, and the same for all.
FACTS: dict[str, tuple[str, Callable[[Snapshot], str]]] = {
    "/sessions.json": (JSON, _sessions_json),
    "/trace.json": (JSON, trace_json),
}


def create_app(registry: Registry, count_log: Callable[[], Counts] = Counts) -> Flask:
    """The pages; `count_log` says what has become of the log's records by now."""
    app = Flask(__name__, static_folder=None)
    app.before_request(_only_look)
    app.after_request(_complete)
    app.register_error_handler(HTTPException, _explain)
    drawings = Drawings()

    def draw_metrics(snapshot: Snapshot) -> str:
        return metrics.exposition(snapshot, count_log())

    facts = {**FACTS, "/metrics": (metrics.CONTENT_TYPE, draw_metrics)}

    def show() -> Response:
        content_type, draw = VIEWS[request.path]
        view = View(_number("seconds", SHORTEST, LONGEST), _width())
        name = (request.path, view)
        drawing = drawings.recent(name, lambda: draw(registry.snapshot(), view), FRESH)
        return Response(drawing, content_type=content_type)

    def tell() -> Response:
        content_type, draw = facts[request.path]
        drawing = drawings.exact(request.path, lambda: draw(registry.snapshot()))
        return Response(drawing, content_type=content_type)

    for path in VIEWS:
        app.add_url_rule(path, path, show)
    for path in facts:
        app.add_url_rule(path, path, tell)

    @app.get(HEALTH)
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    return app


def _only_look() -> None:
    if request.method not in METHODS:
        raise MethodNotAllowed(METHODS)


def _complete(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers[HEADER] = f"{now():.6f}"
    return response


def _explain(error: HTTPException) -> Response:
    response = Response(f"{error.code} {error.name}: {error.description}\n", error.code)
    response.headers.extend(error.get_headers())  # of which `Allow` matters
    response.mimetype = "text/plain"
    return response


def _width() -> int:
    """As wide as was asked for, or as near to it as can be drawn."""
    asked = _number("width", 1, 100_000) or svg.WIDTH
    return int(min(max(asked, svg.NARROWEST), svg.WIDEST)) // STEP * STEP


def _number(name: str, least: float, most: float) -> float | None:
    """What was asked for by that name; None where nothing was."""
    asked = request.args.get(name)
    if asked is None:
        return None
    try:
        number = float(asked)
    except ValueError:
        number = math.nan
    if not least <= number <= most:  # which nan is not, either
        abort(400, f"{name} must be a number from {least:g} to {most:g}.")
    return number
