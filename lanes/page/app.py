"""The live page, the report and what they link to, as a Flask app. It is read-only."""

from collections.abc import Callable

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from lanes.ask import NoAnswer, Source
from lanes.document import render
from lanes.page import documents
from lanes.page.latest import Latest
from lanes.page.query import NoSuchQuery, Query, read
from lanes.snapshot import Snapshot
from lanes.svg.drawing import draw
from lanes.trace import trace_json

METHODS = ["GET", "HEAD"]
HEADERS = {
    "Content-Security-Policy": documents.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HTML, SVG = "text/html; charset=utf-8", "image/svg+xml; charset=utf-8"
JSON, TEXT = "application/json", "text/plain; charset=utf-8"

VIEWS: dict[str, tuple[str, Callable[[Snapshot, Query], str]]] = {  # by path
    "/": (HTML, documents.live),
    "/report.html": (HTML, documents.report),
    "/lanes.svg": (SVG, lambda seen, query: draw(query.picture(seen), query.width, query.height)),
    "/trace.json": (JSON, lambda seen, _query: trace_json(seen)),
}


def create_app(servers: Source) -> Flask:
    """Return the app with the pages of these servers."""
    app = Flask(__name__, static_folder=None)
    app.before_request(_only_look)
    app.after_request(_complete)
    app.register_error_handler(HTTPException, _explain)
    app.register_error_handler(NoAnswer, _keep_trying)
    latest = Latest(servers)

    def show() -> Response:
        content_type, view = VIEWS[request.path]
        wanted = _query()
        seen = latest.get()
        drawing = seen.drawing((request.path, wanted), lambda: view(seen.snapshot, wanted))
        return Response(drawing, content_type=content_type)

    for path in VIEWS:
        app.add_url_rule(path, path, show)

    @app.get("/sessions.json")
    def sessions() -> Response:
        """Return the document of the server; if there are several, of the one that is asked for."""
        seen = latest.get()
        found = seen.servers
        told = [label for label, server in found.items() if not server.seen] or list(found)
        label = request.args.get("replica", told[0] if len(told) == 1 else "")
        if label not in found:
            choices = ", ".join(f"?replica={label}" for label in found)
            abort(404 if label else 400, f"choose one of the servers: {choices}.")
        document = seen.drawing((request.path, label), lambda: render(found[label]))
        return Response(document, content_type=JSON)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", content_type=TEXT)

    return app


def _only_look() -> None:
    if request.method not in METHODS:
        raise MethodNotAllowed(METHODS)


def _complete(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


def _explain(error: HTTPException) -> Response:
    response = Response(f"{error.code} {error.name}: {error.description}\n", error.code)
    response.headers.extend(error.get_headers())  # of which `Allow` matters
    response.content_type = TEXT
    return response


def _keep_trying(error: NoAnswer) -> Response:
    """Answer with one line; but a browser that opens the page gets the page, which keeps trying."""
    line = f"The server does not answer: {error}."
    if request.path == "/" and "text/html" in request.headers.get("Accept", ""):
        return Response(documents.not_yet(line, _query()), 503, content_type=HTML)
    return Response(f"{line}\n", 503, content_type=TEXT)


def _query() -> Query:
    try:
        return read(request.args)
    except NoSuchQuery as error:
        abort(400, str(error))
