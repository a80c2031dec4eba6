"""The page, as a browser requests it."""

import base64
import hashlib
import json
import re

import pytest
from flask.testing import FlaskClient

from lanes.ask import Servers
from lanes.page import app as pages
from lanes.page.app import VIEWS, create_app
from tests.kit.documents import crowded
from tests.kit.replicas import answer
from tests.kit.telling_servers import NAME, Swarm

PAGES = {
    "/": "text/html",
    "/report.html": "text/html",
    "/lanes.svg": "image/svg+xml",
    "/trace.json": "application/json",
    "/sessions.json": "application/json",
    "/healthz": "text/plain",
}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def web(one: Swarm) -> FlaskClient:
    return create_app(one.servers()).test_client()


@pytest.mark.parametrize(("path", "mimetype"), PAGES.items())
def test_each_page_is_of_its_type_and_protected(web: FlaskClient, path: str, mimetype: str) -> None:
    page = web.get(path)
    assert page.status_code == 200
    assert page.data
    assert page.mimetype == mimetype
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    head = web.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Type"] == page.headers["Content-Type"]


@pytest.mark.parametrize("path", [*PAGES, "/nowhere"])
def test_no_page_accepts_changes(web: FlaskClient, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        refused = web.open(path, method=method)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD"), method


def test_a_missing_page_is_one_plain_line(web: FlaskClient) -> None:
    page = web.get("/nowhere")
    assert (page.status_code, page.text.count("\n")) == (404, 1)
    assert page.text.startswith("404 Not Found: ")
    assert page.mimetype == "text/plain"
    assert "Content-Security-Policy" in page.headers


@pytest.mark.parametrize(
    "query", ["seconds=0", "seconds=nan", "seconds=1e9", "width=0", "height=b", "until=-1"]
)
def test_a_query_that_cannot_be_drawn_is_refused_with_what_can(
    web: FlaskClient, query: str
) -> None:
    page = web.get(f"/lanes.svg?{query}")
    name, _ = query.split("=")
    assert page.status_code == 400
    assert page.text.startswith(f"400 Bad Request: {name} must be a number from ")


@pytest.mark.parametrize(("asked", "drawn"), [(100, 320), (640, 640), (650, 640), (5_000, 1920)])
def test_viewers_choose_how_far_back_and_how_wide(web: FlaskClient, asked: int, drawn: int) -> None:
    drawing = web.get(f"/lanes.svg?seconds=30&width={asked}").text
    assert f'width="{drawn}"' in drawing
    assert "\N{MINUS SIGN}30 s" in drawing


def test_the_page_shows_the_drawing_and_a_table_of_its_facts(web: FlaskClient, one: Swarm) -> None:
    page = web.get("/?seconds=30").text
    assert 'data-thread="MainThread"' in page[page.index("<svg") : page.index("</svg>")]
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    [record] = one.registries[0].snapshot().sessions
    for fact in ("10.0.0.7:7", "MainThread", str(record.native_id), "serving"):
        assert fact in table


def test_the_report_has_the_settings_and_is_self_contained(web: FlaskClient) -> None:
    page = web.get("/report.html").text
    assert "<script" not in page
    assert not re.search(r"(?:src|href|action)=\"(?!data:)|url\((?!#)|@import", page)
    for name, value in (("Threads", "a thread for each client"), ("Protocol", "lines of text")):
        assert f'<th scope="row">{name}</th><td>{value}</td>' in page


def test_the_report_says_who_hands_it_in_and_what_was_asked(web: FlaskClient) -> None:
    fields = "author=Ada+%3Cb%3E&course=Networks&asked=Run+three+clients.%0AWhat+do+you+see%3F"
    page = web.get(f"/report.html?{fields}").text
    told = re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    assert told == [
        ("Name", "Ada &lt;b&gt;"),
        ("Course", "Networks"),
        ("What was asked", "Run three clients.\nWhat do you see?"),
    ]
    assert "<dt>" not in web.get("/report.html?author=+").text


def test_every_link_of_the_page_keeps_the_current_view(web: FlaskClient) -> None:
    page = web.get("/?seconds=30&show=failed&until=1000&marked=1&width=640&height=300").text
    links = dict(
        re.findall(r'<a data-live (?:id="(?:\w+)" )?href="(.*?)".*?>(.*?)(?: <b|</a>)', page)
    )
    links = {words: address for address, words in links.items()}
    kept = "?seconds=30.0&amp;until=1000.0&amp;show=failed&amp;marked=1"
    assert links["failed"] == kept
    assert links["all"] == kept.replace("&amp;show=failed", "")
    assert links["Resume"] == kept.replace("&amp;until=1000.0", "")
    assert links["Earlier"] == kept.replace("1000.0", "985.0")
    assert links["Later"] == kept.replace("1000.0", "1015.0")
    assert web.get("/?show=others").status_code == 400


def test_of_the_controls_only_the_kind_that_is_shown_is_the_current_one(web: FlaskClient) -> None:
    page = web.get("/?show=failed&until=1000").text
    assert re.findall('<a [^>]*aria-current="true"[^>]*>([^<]*)', page) == ["failed "]
    assert re.search("<a [^>]*>Resume</a>", page)


def test_a_name_is_never_more_than_text_on_any_page(web: FlaskClient, one: Swarm) -> None:
    record = one.registries[0].admit("10.0.0.8:8")
    assert record is not None
    record.client = "<img src=x onerror=alert(1)>\"'&\x00\x1b\uffff"
    one.registries[0].serve(record)  # so that it is drawn
    for path in ("/", "/report.html", "/lanes.svg"):
        body = web.get(path).text
        assert "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;\ufffd\ufffd\ufffd" in body, path
        assert "<img" not in body, path


def test_the_policy_allows_just_the_styles_and_the_script_that_are_there(web: FlaskClient) -> None:
    page = web.get("/")
    policy = dict(one.split(" ", 1) for one in page.headers["Content-Security-Policy"].split("; "))
    inline = re.findall(r"<(style|script)>(.*?)</", page.text, re.DOTALL)
    assert sorted(kind for kind, _ in inline) == ["script", "style", "style"]
    for kind, text in inline:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[f"{kind}-src"]
    assert policy["connect-src"] == "'self'"
    assert not re.search(r"\son\w+=|\sstyle=", page.text)


def test_a_servers_document_is_passed_on(one: Swarm, two: Swarm) -> None:
    """Beside `two`, `one` is the first of three servers, and its address is its name."""
    web = create_app(two.servers()).test_client()
    choose = web.get("/sessions.json")
    assert choose.status_code == 400
    choices = "?replica=127.0.0.1, ?replica=server-1, ?replica=server-2"
    assert choose.text == f"400 Bad Request: choose one of the servers: {choices}.\n"
    assert web.get("/sessions.json?replica=server-9").status_code == 404
    chosen = json.loads(web.get("/sessions.json?replica=server-2").data)
    assert chosen["replica"] == "server-2"
    alone = create_app(Servers("127.0.0.1", one.port)).test_client()
    assert json.loads(alone.get("/sessions.json").data)["sessions"][0]["client"] == "10.0.0.7:7"


def test_without_a_server_a_page_is_one_line_and_a_browser_keeps_trying(one: Swarm) -> None:
    one.stop(one.hosts[0])
    web = create_app(one.servers()).test_client()
    line = f"The server does not answer: no answer from 127.0.0.1 port {one.port}: "
    for path in sorted(set(PAGES) - {"/healthz"}):
        page = web.get(path)
        assert (page.status_code, page.mimetype, page.text.count("\n")) == (503, "text/plain", 1)
        assert page.text.startswith(line)
    opened = web.get("/", headers=BROWSER)
    assert (opened.status_code, opened.mimetype) == (503, "text/html")
    assert f'<p id="news" role="status">{line}' in opened.text
    assert '<main id="lab"' in opened.text
    assert "<script>" in opened.text
    assert web.get("/lanes.svg", headers=BROWSER).mimetype == "text/plain"
    assert web.get("/healthz").status_code == 200


@pytest.mark.parametrize("length", [0.85, 59.0])
@pytest.mark.parametrize("model", ["thread", "pool", "lock"])
def test_no_page_is_too_large(monkeypatch: pytest.MonkeyPatch, model: str, length: float) -> None:
    servers = Servers(NAME, 0)
    full = answer(crowded(model, length))
    monkeypatch.setattr(servers, "ask", lambda: ([full], []))
    web = create_app(servers).test_client()
    for path in VIEWS:
        page = web.get(f"{path}?seconds=86400").data
        assert len(page) < 1.2 * 1024 * 1024, path  # 100 of these fit in the container's 128 MiB


def test_equal_queries_share_a_drawing(web: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.page.latest.FRESH", 60)
    drawn = iter(["first", "second", "third"])
    monkeypatch.setitem(pages.VIEWS, "/lanes.svg", ("image/svg+xml", lambda *_: next(drawn)))
    asked = ["", "", "?width=640", "?width=650&height=650", "?seconds=9", ""]
    got = [web.get(f"/lanes.svg{query}").text for query in asked]
    assert got == ["first", "first", "second", "second", "third", "first"]
