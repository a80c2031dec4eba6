"""The HTTP port: whether the server is well, and what its sessions are doing right now.

Health checks come here and never to the chat port: a probe must not take a thread or a number.
Every page is made from `registry.snapshot()` alone, and nothing can be changed here.
"""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from typing import NamedTuple

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from server.drawings import Drawings
from server.registry import Registry, Snapshot
from server.views import metrics, pages, svg
from server.views.layout import picture_of
from server.views.trace import trace_json

METHODS = ["GET", "HEAD"]
SHORTEST, LONGEST = 1, 86_400  # seconds that one can look back
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


Page = Callable[[Snapshot, View], str]


def _lanes_svg(snapshot: Snapshot, view: View) -> str:
    return svg.draw(picture_of(snapshot, view.seconds), view.width)


def _lanes_json(snapshot: Snapshot, view: View) -> str:
    return picture_of(snapshot, view.seconds).to_json()


def _live(snapshot: Snapshot, view: View) -> str:
    return pages.live(snapshot, picture_of(snapshot, view.seconds), view.width)


def _report(snapshot: Snapshot, view: View) -> str:
    return pages.report(snapshot, picture_of(snapshot, view.seconds), view.width)


def _trace(snapshot: Snapshot, _: View) -> str:
    return trace_json(snapshot)


DRAWN: dict[str, tuple[str, Page]] = {
    "/": ("text/html", _live),
    "/report.html": ("text/html", _report),
    "/lanes.svg": ("image/svg+xml", _lanes_svg),
    "/lanes.json": ("application/json", _lanes_json),
    "/trace.json": ("application/json", _trace),
}


def create_app(registry: Registry) -> Flask:
    """The pages: those that are drawn, and those that cost next to nothing."""
    app = Flask(__name__, static_folder=None)
    app.before_request(_only_look)
    app.after_request(_protect)
    app.register_error_handler(HTTPException, _explain)
    drawings = Drawings()

    def draw() -> Response:
        mimetype, page = DRAWN[request.path]
        view = View(_number("seconds", SHORTEST, LONGEST), _width())
        drawing = drawings.get((request.path, view), lambda: page(registry.snapshot(), view))
        return Response(drawing, mimetype=mimetype)

    for path in DRAWN:
        app.add_url_rule(path, path, draw)

    @app.get("/sessions.json")
    def sessions() -> Response:
        return Response(_facts(registry.snapshot()), mimetype="application/json")

    @app.get("/metrics")
    def scrape() -> Response:
        exposition = metrics.exposition(registry.snapshot())
        return Response(exposition, content_type=metrics.CONTENT_TYPE)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    return app


def _only_look() -> None:
    if request.method not in METHODS:
        raise MethodNotAllowed(METHODS)


def _protect(response: Response) -> Response:
    response.headers.update(HEADERS)
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


def _facts(snapshot: Snapshot) -> str:
    facts = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    del facts["totals"], facts["refusals"]  # /metrics has those
    return json.dumps({**facts, "sessions": [record.facts() for record in snapshot.sessions]})
