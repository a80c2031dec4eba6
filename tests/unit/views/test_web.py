"""The HTTP port, asked over HTTP."""

import base64
import hashlib
import http.client
import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from itertools import cycle
from typing import Any, NamedTuple

import pytest

from server import webserver
from server.registry import Registry, Snapshot
from server.views.picture import Picture
from server.web import FRESH, HEADERS, VIEWS, View, create_app
from server.webserver import WebServer
from server.writer import Counts
from tests.kit.running_server import RunningServer
from tests.kit.snapshots import crowded
from tests.kit.waiting import SECONDS

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


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str]


Ask = Callable[..., Answer]


@pytest.fixture
def registry() -> Registry:
    settings = {"model": "thread", "workers": 4}
    return Registry(model="thread", protocol="lines", max_clients=3, settings=settings)


@pytest.fixture
def ask(registry: Registry) -> Iterator[Ask]:
    server = WebServer(create_app(registry), "127.0.0.1", 0, HEADERS)

    def ask(path: str, method: str = "GET") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        connection.request(method, path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Answer(answer.status, body, dict(answer.headers))

    yield ask
    server.close()


def sessions(ask: Ask) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(ask("/sessions.json").body)
    return page


def test_a_server_that_answers_is_well(ask: Ask) -> None:
    assert ask("/healthz")[:2] == (200, b"ok\n")


def test_the_sessions_are_those_of_the_registry(ask: Ask, registry: Registry) -> None:
    record = registry.admit("127.0.0.1:1")
    assert record is not None
    registry.refuse("busy")
    page = sessions(ask)
    (session,) = page.pop("sessions")
    assert page == {
        "model": "thread",
        "protocol": "lines",
        "replica": "",
        "pid": page["pid"],
        "open": 1,
        "serving": 0,
        "peak_serving": 0,
        "accepted": 1,
        "refused": {"busy": 1, "closing": 0},
        "settings": {"model": "thread", "workers": 4},
        "at": page["at"],
        "started_at": page["started_at"],
    }
    assert session == {
        "number": 1,
        "peer": "127.0.0.1:1",
        "client": "127.0.0.1:1",
        "replica": "",
        "thread": None,
        "native_id": None,
        "state": "waiting",
        "accepted_at": record.accepted_at,
        "served_at": None,
        "closed_at": None,
        "messages": 0,
        "bytes_in": 0,
        "bytes_out": 0,
        "end": None,
    }


@pytest.mark.parametrize(("path", "mimetype"), PAGES.items())
def test_each_page_is_of_its_type_and_protected(ask: Ask, path: str, mimetype: str) -> None:
    status, body, headers = ask(path)
    assert status == 200
    assert headers["Content-Type"].split(";")[0] == mimetype
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    head = ask(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == headers["Content-Type"]
    assert body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_nothing_can_be_changed_there(ask: Ask, method: str, path: str) -> None:
    status, _, headers = ask(path, method)
    assert status == 405
    assert headers["Allow"] == "GET, HEAD"


def test_the_log_is_counted_as_it_is_when_one_asks(registry: Registry) -> None:
    counts = iter([Counts(2, 1, 1), Counts(5, 3, 2)])
    app = create_app(registry, lambda: next(counts)).test_client()
    for written, dropped in [(1, 1), (3, 2)]:
        page = app.get("/metrics").text
        assert f'lanes_log_records_total{{fate="written"}} {written}.0\n' in page
        assert f'lanes_log_records_total{{fate="dropped"}} {dropped}.0\n' in page


def test_a_page_that_is_not_there_is_said_in_one_plain_line(ask: Ask) -> None:
    status, body, headers = ask("/nowhere")
    assert (status, body.count(b"\n")) == (404, 1)
    assert body.startswith(b"404 Not Found: ")
    assert headers["Content-Type"].startswith("text/plain")
    assert "Content-Security-Policy" in headers


@pytest.mark.parametrize(
    "query", ["seconds=0", "seconds=nan", "seconds=ten", "seconds=1e9", "width=0", "width=<b>"]
)
def test_what_cannot_be_drawn_is_refused_and_the_line_says_what_can(ask: Ask, query: str) -> None:
    status, body, _ = ask(f"/lanes.svg?{query}")
    name, _ = query.split("=")
    assert status == 400
    assert body.startswith(f"400 Bad Request: {name} must be a number from ".encode())


def test_one_chooses_how_far_to_look_back_and_how_wide_the_drawing_is(ask: Ask) -> None:
    drawing = ask("/lanes.svg?seconds=30&width=640").body
    assert b'width="640"' in drawing
    assert "\N{MINUS SIGN}30 s".encode() in drawing
    picture = Picture.from_json(ask("/lanes.json?seconds=30").body)
    assert picture.at - picture.start == pytest.approx(30)


@pytest.mark.parametrize(("asked", "drawn"), [(100, 320), (700, 640), (5_000, 1920)])
def test_a_drawing_is_as_wide_as_it_can_be_where_it_cannot_be_as_was_asked(
    ask: Ask, asked: int, drawn: int
) -> None:
    assert f'width="{drawn}"'.encode() in ask(f"/lanes.svg?width={asked}").body


def test_the_page_shows_the_very_drawing_and_a_table_of_the_same_facts(
    ask: Ask, registry: Registry
) -> None:
    record = registry.admit("10.0.0.7:7")
    assert record is not None
    registry.serve(record)
    page = ask("/?seconds=30").body.decode()
    lane = 'data-thread="MainThread"'
    assert lane in page[page.index("<svg") : page.index("</svg>")]
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    for fact in ("10.0.0.7:7", "MainThread", str(record.native_id), "serving"):
        assert fact in table


def test_the_report_has_the_settings_and_needs_nothing_from_elsewhere(
    registry: Registry, ask: Ask
) -> None:
    page = ask("/report.html").body.decode()
    assert "<script" not in page
    assert not re.search(r"(?:src|href|action)=\"(?!data:)|url\((?!#)|@import", page)
    assert "running since" in page
    for name, value in registry.snapshot().settings.items():
        assert f'<th scope="row">{name}</th><td>{value}</td>' in page


def test_a_name_is_never_more_than_text_on_any_page(ask: Ask, registry: Registry) -> None:
    record = registry.admit("10.0.0.7:7")
    assert record is not None
    record.client = "<img src=x onerror=alert(1)>\"'&\x00"
    for path, mimetype in PAGES.items():
        body = ask(path).body
        if not mimetype.endswith("json"):
            assert b"<img" not in body, path
            assert b"\x00" not in body, path


def test_the_policy_allows_the_styles_and_the_script_that_are_there_and_no_others(
    ask: Ask,
) -> None:
    page = ask("/").body.decode()
    inline = re.findall(r"<(style|script)>(.*?)</", page, re.DOTALL)
    assert sorted(kind for kind, _ in inline) == ["script", "style", "style"]
    for kind, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in directive(ask, f"{kind}-src")
    assert directive(ask, "connect-src") == "connect-src 'self'"
    assert not re.search(r"\son\w+=|\sstyle=", page)


def directive(ask: Ask, name: str) -> str:
    policy = ask("/").headers["Content-Security-Policy"].split("; ")
    [found] = [words for words in policy if words.split()[0] == name]
    return found


def test_however_many_look_on_a_drawing_is_made_a_few_times_a_second(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Snapshot] = []

    def draw(snapshot: Snapshot, _: View) -> str:
        made.append(snapshot)
        return "drawing"

    monkeypatch.setitem(VIEWS, "/lanes.svg", ("image/svg+xml", draw))
    began = time.monotonic()
    for _ in range(20):
        assert ask("/lanes.svg").body == b"drawing"
    assert len(made) <= 1 + (time.monotonic() - began) / FRESH


class Full(Registry):
    """A registry with as many sessions as it remembers."""

    def __init__(self, model: str, length: float) -> None:
        super().__init__(model=model, protocol="lines", max_clients=1)
        self._taken = crowded(model, length)

    def snapshot(self) -> Snapshot:
        return self._taken


@pytest.mark.parametrize("length", [0.85, 59.0])
@pytest.mark.parametrize("model", ["thread", "pool", "lock"])
def test_no_page_is_so_large_that_its_readers_could_fill_the_servers_memory(
    model: str, length: float
) -> None:
    app = create_app(Full(model, length)).test_client()
    for path in PAGES:
        page = app.get(f"{path}?seconds=86400" if path in VIEWS else path).data
        assert len(page) * webserver.CONNECTIONS < 128 * 1024 * 1024, path  # half of it


def test_64_who_ask_for_different_pages_and_read_none_do_not_hold_up_the_health_check() -> None:
    with (
        closing(WebServer(create_app(Full("pool", 0.85)), "127.0.0.1", 0, HEADERS)) as server,
        ExitStack() as stack,
    ):
        for number, path in zip(range(64), cycle(PAGES), strict=False):
            hanging = stack.enter_context(socket.socket())
            hanging.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            hanging.connect(("127.0.0.1", server.port))
            hanging.sendall(f"GET {path}?seconds={number + 1} HTTP/1.1\r\n\r\n".encode())
        for _ in range(10):
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok\n"
            assert time.monotonic() - began < 0.5
            connection.close()


def test_asking_takes_no_number(ask: Ask) -> None:
    for _ in range(3):
        ask("/healthz")
    assert sessions(ask)["accepted"] == 0


def test_a_page_can_be_read_while_clients_are_served(
    ask: Ask, start_server: Callable[..., RunningServer]
) -> None:
    peer = start_server().greeted()
    assert ask("/healthz")[0] == 200
    assert peer.say("Hey").startswith("+OK")
