"""The HTTP port's WSGI app: /healthz, /sessions.json, /metrics.

Everything comes from `registry.snapshot()`, and /metrics also from the log's counts. Nothing can be
changed here. Pictures are drawn elsewhere, from /sessions.json.
"""

import time
from collections.abc import Callable, Iterable
from math import inf
from typing import Any
from urllib.parse import parse_qs

from server.chat.registry import Registry
from server.http.sessions import document
from server.log.writer import Counts

METHODS = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
METRICS = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' text format

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


def create_app(registry: Registry, count_log: Callable[[], Counts] = Counts) -> App:
    """Return the app; `count_log` returns how many log records were written and dropped."""
    pages: dict[str, tuple[str, Callable[[str], bytes]]] = {
        "/healthz": (TEXT, lambda _: b"ok\n"),
        "/sessions.json": (JSON, lambda query: document(registry.snapshot(), _since(query))),
        "/metrics": (METRICS, lambda _: _metrics(registry, count_log)),
    }

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        headers, began = dict(HEADERS), time.thread_time()
        if environ["REQUEST_METHOD"] not in METHODS:
            status, headers["Allow"] = "405 Method Not Allowed", ", ".join(METHODS)
            content_type, body = TEXT, b"This port is read-only.\n"
        elif page := pages.get(environ["PATH_INFO"]):
            status, content_type, body = "200 OK", page[0], page[1](environ["QUERY_STRING"])
        else:
            status, content_type = "404 Not Found", TEXT
            body = f"Not found. Available: {', '.join(pages)}; `lanes page` draws them.\n".encode()
        headers |= {"Content-Type": content_type, "Content-Length": str(len(body))}
        headers["Server-Timing"] = f"cpu;dur={(time.thread_time() - began) * 1000:.3f}"
        start_response(status, list(headers.items()))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    return app


def _since(query: str) -> float:
    """Return the moment in `since=MOMENT`; 0, which leaves nothing out, if it is not valid."""
    try:
        moment = float(parse_qs(query)["since"][0])
    except (LookupError, ValueError):
        return 0.0
    return moment if 0 <= moment < inf else 0.0


def _metrics(registry: Registry, count_log: Callable[[], Counts]) -> bytes:
    from server.http import metrics  # noqa: PLC0415 - a sixth of the start, not used by clients

    return metrics.exposition(registry.snapshot(), count_log())
