"""What the HTTP port answers."""

import json
import re
from wsgiref.util import setup_testing_defaults

import pytest

from server.chat.registry import Registry
from server.http.app import HEADERS, App, Environ, create_app
from server.log.writer import Counts

PATHS = ["/healthz", "/sessions.json", "/metrics"]
SETTINGS = {"model": "thread", "protocol": "lines", "replica": ""}


def ask(app: App, path: str, verb: str = "GET", query: str = "") -> tuple[str, dict[str, str], str]:
    """Return the status, headers and body of an answer; assert its protective headers."""
    said: list[tuple[str, dict[str, str]]] = []
    environ: Environ = {"PATH_INFO": path, "REQUEST_METHOD": verb, "QUERY_STRING": query}
    setup_testing_defaults(environ)
    body = app(environ, lambda status, headers: said.append((status, dict(headers))))
    [(status, headers)] = said
    assert headers.items() >= HEADERS.items()
    return status, headers, b"".join(body).decode()


@pytest.fixture
def app() -> App:
    return create_app(Registry(3, "", SETTINGS))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_protective_headers_and_is_read_only(app: App, path: str) -> None:
    status, headers, body = ask(app, path)
    assert (status, headers["Content-Length"]) == ("200 OK", str(len(body)))
    assert re.fullmatch(r"cpu;dur=\d+\.\d{3}", headers["Server-Timing"])
    status, headers, body = ask(app, path, "HEAD")
    assert (status, body) == ("200 OK", "")
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        status, headers, _ = ask(app, path, method)
        assert (status, headers["Allow"]) == ("405 Method Not Allowed", "GET, HEAD")


def test_any_other_path_is_not_found_in_one_line_that_lists_the_pages(app: App) -> None:
    status, _, body = ask(app, "/nowhere")
    assert (status, body.count("\n")) == ("404 Not Found", 1)
    assert all(path in body for path in PATHS)


@pytest.mark.parametrize(
    ("query", "since"),
    [("since=1800000000.25", 1_800_000_000.25), ("", 0), ("since=", 0), ("since=noon", 0)]
    + [(f"since={moment}", 0) for moment in ("nan", "inf", "-1")],
)
def test_a_bad_moment_leaves_nothing_out(app: App, query: str, since: float) -> None:
    _, _, body = ask(app, "/sessions.json", query=query)
    assert json.loads(body)["since"] == since


def test_the_log_is_counted_at_the_time_of_each_request() -> None:
    app = create_app(Registry(3, "", SETTINGS), iter([Counts(), Counts(5, 3, 2)]).__next__)
    for written in (0, 3):
        _, headers, page = ask(app, "/metrics")
        assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert f'lanes_log_records_total{{fate="written"}} {written}.0\n' in page
