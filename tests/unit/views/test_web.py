"""The pages of the HTTP port."""

import base64
import hashlib
import json
import re
import socket
import time
from contextlib import ExitStack, closing
from itertools import cycle

import pytest
from flask.testing import FlaskClient

from server import webserver
from server.registry import Registry, Snapshot
from server.views.picture import Picture
from server.web import FRESH, HEADERS, VIEWS, View, create_app
from server.webserver import WebServer
from server.writer import Counts
from tests.kit.http_get import get
from tests.kit.snapshots import crowded

PAGES = {
    "/": "text/html",
    "/report.html": "text/html",
    "/lanes.svg": "image/svg+xml",
    "/lanes.json": "application/json",
    "/trace.json": "application/json",
    "/sessions.json": "application/json",
    "/metrics": "text/plain",
    "/healthz": "text/plain",
}


@pytest.fixture
def registry() -> Registry:
    """A registry with one client, served by this thread."""
    settings = {"model": "thread", "workers": 4}
    registry = Registry(model="thread", protocol="lines", max_clients=3, settings=settings)
    record = registry.admit("10.0.0.7:7")
    assert record is not None
    registry.serve(record)
    return registry


@pytest.fixture
def web(registry: Registry) -> FlaskClient:
    return create_app(registry).test_client()


def test_the_sessions_are_those_of_the_registry(web: FlaskClient, registry: Registry) -> None:
    assert registry.admit("127.0.0.1:1")
    registry.refuse("busy")
    page = json.loads(web.get("/sessions.json").data)
    snapshot = registry.snapshot()
    assert page.pop("sessions") == [one.facts() for one in snapshot.sessions]
    assert snapshot.started_at < page.pop("at") < snapshot.at
    shown = ["model", "protocol", "replica", "pid", "open", "serving", "peak_serving", "accepted"]
    shown += ["refused", "settings", "started_at"]
    assert page == {name: getattr(snapshot, name) for name in shown}
    assert (page["open"], page["serving"], page["refused"]["busy"]) == (2, 1, 1)


@pytest.mark.parametrize(("path", "mimetype"), PAGES.items())
def test_each_page_is_of_its_type_and_protected(web: FlaskClient, path: str, mimetype: str) -> None:
    page = web.get(path)
    assert page.status_code == 200
    assert page.data
    assert page.mimetype == mimetype
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    head = web.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Type"] == page.headers["Content-Type"]


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_nothing_can_be_changed_there(web: FlaskClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        refused = web.open(path, method=method)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD"), method


def test_the_log_is_counted_at_the_time_of_each_request(registry: Registry) -> None:
    counts = iter([Counts(2, 1, 1), Counts(5, 3, 2)])
    web = create_app(registry, lambda: next(counts)).test_client()
    for written, dropped in [(1, 1), (3, 2)]:
        page = web.get("/metrics").text
        assert f'lanes_log_records_total{{fate="written"}} {written}.0\n' in page
        assert f'lanes_log_records_total{{fate="dropped"}} {dropped}.0\n' in page


def test_a_page_that_does_not_exist_is_one_plain_line(web: FlaskClient) -> None:
    page = web.get("/nowhere")
    assert (page.status_code, page.text.count("\n")) == (404, 1)
    assert page.text.startswith("404 Not Found: ")
    assert page.mimetype == "text/plain"
    assert "Content-Security-Policy" in page.headers


@pytest.mark.parametrize(
    "query", ["seconds=0", "seconds=nan", "seconds=ten", "seconds=1e9", "width=0", "width=<b>"]
)
def test_what_cannot_be_drawn_is_refused_with_what_can(web: FlaskClient, query: str) -> None:
    page = web.get(f"/lanes.svg?{query}")
    name, _ = query.split("=")
    assert page.status_code == 400
    assert page.text.startswith(f"400 Bad Request: {name} must be a number from ")


@pytest.mark.parametrize(("asked", "drawn"), [(100, 320), (640, 640), (700, 640), (5_000, 1920)])
def test_the_viewer_chooses_how_far_to_look_back_and_how_wide_to_draw_as_far_as_that_can_be(
    web: FlaskClient, asked: int, drawn: int
) -> None:
    drawing = web.get(f"/lanes.svg?seconds=30&width={asked}").text
    assert f'width="{drawn}"' in drawing
    assert "\N{MINUS SIGN}30 s" in drawing
    picture = Picture.from_json(web.get("/lanes.json?seconds=30").data)
    assert picture.at - picture.start == pytest.approx(30)


def test_the_page_shows_the_drawing_and_a_table_of_the_same_facts(
    web: FlaskClient, registry: Registry
) -> None:
    page = web.get("/?seconds=30").text
    assert 'data-thread="MainThread"' in page[page.index("<svg") : page.index("</svg>")]
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    [record] = registry.snapshot().sessions
    for fact in ("10.0.0.7:7", "MainThread", str(record.native_id), "serving"):
        assert fact in table


def test_the_report_has_the_settings_and_needs_nothing_from_elsewhere(web: FlaskClient) -> None:
    page = web.get("/report.html").text
    assert "<script" not in page
    assert not re.search(r"(?:src|href|action)=\"(?!data:)|url\((?!#)|@import", page)
    assert "running since" in page
    for name, value in {"model": "thread", "workers": 4}.items():
        assert f'<th scope="row">{name}</th><td>{value}</td>' in page


def test_a_name_is_never_more_than_text_on_any_page(web: FlaskClient, registry: Registry) -> None:
    record = registry.admit("10.0.0.8:8")
    assert record is not None
    record.client = "<img src=x onerror=alert(1)>\"'&\x00"
    for path, mimetype in PAGES.items():
        body = web.get(path).data
        if not mimetype.endswith("json"):
            assert b"<img" not in body, path
            assert b"\x00" not in body, path


def test_the_policy_allows_exactly_the_styles_and_the_script_that_are_there(
    web: FlaskClient,
) -> None:
    page = web.get("/")
    policy = dict(one.split(" ", 1) for one in page.headers["Content-Security-Policy"].split("; "))
    inline = re.findall(r"<(style|script)>(.*?)</", page.text, re.DOTALL)
    assert sorted(kind for kind, _ in inline) == ["script", "style", "style"]
    for kind, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[f"{kind}-src"]
    assert policy["connect-src"] == "'self'"
    assert not re.search(r"\son\w+=|\sstyle=", page.text)


def test_a_drawing_is_made_a_few_times_a_second_for_any_number_of_viewers(
    web: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Snapshot] = []

    def draw(snapshot: Snapshot, _: View) -> str:
        made.append(snapshot)
        return "drawing"

    monkeypatch.setitem(VIEWS, "/lanes.svg", ("image/svg+xml", draw))
    began = time.monotonic()
    for _ in range(20):
        assert web.get("/lanes.svg").data == b"drawing"
    assert len(made) <= 1 + (time.monotonic() - began) / FRESH


@pytest.mark.parametrize("length", [0.85, 59.0])
@pytest.mark.parametrize("model", ["thread", "pool", "lock"])
def test_no_page_is_so_large_that_its_readers_could_fill_the_servers_memory(
    web: FlaskClient, registry: Registry, monkeypatch: pytest.MonkeyPatch, model: str, length: float
) -> None:
    full = crowded(model, length)
    monkeypatch.setattr(registry, "snapshot", lambda: full)
    for path in PAGES:
        page = web.get(f"{path}?seconds=86400" if path in VIEWS else path).data
        assert len(page) * webserver.CONNECTIONS < 128 * 1024 * 1024, path  # half of it


@pytest.mark.alone
@pytest.mark.parametrize(
    "said",
    [
        pytest.param("GET PAGE HTTP/1.1\r\n\r\n", id="read nothing"),
        pytest.param("GET PAGE HTTP/1.1\r\nHost: l", id="stall in the head"),
        pytest.param("GET PAGE HTTP/1.1\r\n\r\n" * 400, id="pipeline and read nothing"),
    ],
)
def test_64_that_hang_on_different_pages_do_not_hold_up_the_health_check(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    full = crowded("pool")
    monkeypatch.setattr(registry, "snapshot", lambda: full)
    with (
        closing(WebServer(create_app(registry), "127.0.0.1", 0, HEADERS)) as server,
        ExitStack() as stack,
    ):
        for number, path in zip(range(64), cycle(PAGES), strict=False):
            hanging = stack.enter_context(socket.socket())
            hanging.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            hanging.connect(("127.0.0.1", server.port))
            hanging.sendall(said.replace("PAGE", f"{path}?seconds={number + 1}").encode())
        for _ in range(10):
            began = time.monotonic()
            assert get(server.port, "/healthz").body == b"ok\n"
            assert time.monotonic() - began < 0.5
        assert caplog.messages == []
