"""The server of the HTTP port: whoever hangs on it, the others are answered."""

import gc
import http.client
import os
import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask, Response
from structlog.testing import capture_logs

from server import webserver
from server.dispatcher import PAGE_THREADS, Threads
from server.webserver import REQUEST_BYTES, WebServer
from tests.kit.waiting import SECONDS, wait_until

PAGE = bytes(1024 * 1024)
ASK = b"GET /page HTTP/1.1\r\nHost: lab\r\n\r\n"
HALF = ASK[:-9]
PIPELINED = ASK * 500
POST = b"POST /healthz HTTP/1.1\r\n"
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
NO_THREAD = "can't start new thread"
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Lab(NamedTuple):
    """A server of a few pages: one is large, and one is being drawn until a test ends."""

    host: str
    port: int
    drawn: threading.Event

    def connect(self, said: bytes) -> socket.socket:
        connected = socket.create_connection((self.host, self.port), timeout=SECONDS)
        connected.sendall(said)
        return connected

    def say(self, said: bytes) -> bytes:
        """All that is answered, up to the end of the connection."""
        with self.connect(said) as connected, connected.makefile("rb") as answer:
            return answer.read()

    def is_well(self) -> bool:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        connection.request("GET", "/healthz")
        answer = connection.getresponse().read()
        connection.close()
        return answer == b"ok"


@pytest.fixture
def start() -> Iterator[Callable[..., Lab]]:
    with ExitStack() as stack:

        def start(host: str = "127.0.0.1") -> Lab:
            drawn = threading.Event()
            app = Flask(__name__)
            app.add_url_rule("/healthz", "healthz", lambda: "ok")
            app.add_url_rule("/page", "page", lambda: Response(PAGE))
            app.add_url_rule("/drawing", "drawing", lambda: str(drawn.wait(SECONDS)))
            server = WebServer(app, host, 0, HEADERS)
            stack.callback(server.close)
            stack.callback(drawn.set)
            return Lab(host, server.port, drawn)

        yield start


@pytest.fixture
def lab(start: Callable[..., Lab]) -> Lab:
    return start()


def has_news(connected: socket.socket, events: int) -> bool:
    poll = select.poll()
    poll.register(connected, events)
    return bool(poll.poll(0))


def answered(connected: socket.socket) -> bool:
    return has_news(connected, select.POLLIN)


def ended(connected: socket.socket) -> bool:
    """Whether the server has ended it, though nobody has read to its end."""
    return has_news(connected, GONE)


def refuse(*_: object) -> None:
    """Stands for a system that gives no more threads."""
    raise RuntimeError(NO_THREAD)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("said", "is_answered"),
    [
        pytest.param(ASK, True, id="read nothing"),
        pytest.param(HALF, False, id="stall in the head"),
        pytest.param(PIPELINED, True, id="pipeline and read nothing"),
    ],
)
def test_64_that_hang_keep_nobody_else_waiting(
    lab: Lab, caplog: pytest.LogCaptureFixture, said: bytes, *, is_answered: bool
) -> None:
    with ExitStack() as stack:
        hanging = [stack.enter_context(lab.connect(said)) for _ in range(64)]
        if is_answered:
            wait_until(lambda: all(map(answered, hanging)))
        for _ in range(10):
            began = time.monotonic()
            assert lab.is_well()
            assert time.monotonic() - began < 0.5
        assert not any(map(ended, hanging))
    assert caplog.messages == []


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="says nothing"),
        pytest.param(HALF, id="stalls in the head"),
        pytest.param(ASK, id="reads nothing"),
        pytest.param(PIPELINED, id="pipelines and reads nothing"),
    ],
)
def test_who_hangs_is_given_up_in_time_without_a_word_in_the_log(
    start: Callable[..., Lab],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: bytes,
) -> None:
    monkeypatch.setattr(webserver, "IDLE_SECONDS", 1)
    lab = start()
    before = descriptors()
    with lab.connect(said):
        wait_until(lambda: descriptors() == before + 2)
        wait_until(lambda: descriptors() == before + 1)
    assert caplog.messages == []


def drip(connected: socket.socket) -> None:
    connected.send(b"x")


def sip(connected: socket.socket) -> None:
    connected.recv(64, socket.MSG_DONTWAIT)


@pytest.mark.parametrize(
    ("said", "go_on"),
    [
        pytest.param(HALF, drip, id="sends its head"),
        pytest.param(ASK, sip, id="reads its page"),
    ],
)
def test_who_drips_keeps_its_place_no_longer_than_the_deadline(
    start: Callable[..., Lab],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    said: bytes,
    go_on: Callable[[socket.socket], None],
) -> None:
    monkeypatch.setattr(webserver, "CONNECTIONS", 2)
    monkeypatch.setattr(webserver, "CONNECTION_SECONDS", 1)
    lab = start()

    def dripping_until(condition: Callable[[], bool]) -> None:
        def is_so() -> bool:
            for connected in dripping:
                with suppress(OSError):  # nothing is there to be read, or it is reset
                    go_on(connected)
            return condition()

        wait_until(is_so)

    with lab.connect(said) as first, lab.connect(said) as second:
        dripping = [first, second]
        dripping_until(lambda: "reached the connection limit" in caplog.text)
        assert not any(map(ended, dripping))
        with lab.connect(b"GET /healthz HTTP/1.0\r\n\r\n") as asking:
            dripping_until(lambda: answered(asking))
            assert asking.makefile("rb").read().endswith(b"ok")
        wait_until(lambda: all(map(ended, dripping)))  # with what they have yet to read


def test_an_overdue_connection_stays_while_its_thread_is_at_work(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "CONNECTION_SECONDS", 1)
    lab = start()
    with lab.connect(b"GET /drawing HTTP/1.0\r\n\r\n") as drawing, lab.connect(b"") as later:
        wait_until(lambda: ended(later))
        assert not ended(drawing)
        lab.drawn.set()
        wait_until(lambda: ended(drawing))


def test_a_fault_of_its_loop_is_told_does_not_spin_and_does_not_end_the_port(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "FAULT_PAUSE", 0.2)
    lab = start()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with capture_logs() as logged:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))  # fewer than poll(2) is given: EINVAL
        try:
            wait_until(lambda: bool(logged))
            began = time.monotonic()
            wait_until(lambda: len(logged) >= 6)
            assert time.monotonic() - began > 0.5  # five pauses, and the first was noticed late
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert lab.is_well()
    assert logged[0] == {
        "event": "the HTTP port failed, trying again",
        "exc_info": True,
        "log_level": "error",
    }


def test_a_fault_while_it_accepts_is_told_and_costs_that_connection_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(webserver.Channel):
        def __init__(self, server: Any, sock: socket.socket, *rest: Any, **named: Any) -> None:  # noqa: ANN401 - they are waitress'
            sock.close()  # so that it cannot be asked for its buffer
            super().__init__(server, sock, *rest, **named)

    with capture_logs() as logged, monkeypatch.context() as broken:
        broken.setattr(webserver.Server, "channel_class", Broken)
        with lab.connect(b"") as connected:
            wait_until(lambda: ended(connected))
        wait_until(lambda: bool(logged))
    assert [entry["event"] for entry in logged] == ["cannot accept on the HTTP port"]
    assert lab.is_well()


def test_without_a_descriptor_it_does_not_spin_and_is_well_soon_after(lab: Lab) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as connecting, capture_logs() as logged:
        next_free = os.dup(connecting.fileno())
        os.close(next_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_free, hard))
        try:
            connecting.connect((lab.host, lab.port))
            wait_until(lambda: bool(logged))
            began, before = time.monotonic(), len(logged)
            wait_until(lambda: len(logged) >= before + 5)
            assert time.monotonic() - began > 0.35  # five pauses, and the first was noticed late
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connecting.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert connecting.makefile("rb").read().endswith(b"ok")
    assert {entry["event"] for entry in logged} == {"cannot accept on the HTTP port, trying again"}


def test_who_comes_when_it_is_full_waits_for_a_place(
    start: Callable[..., Lab],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(webserver, "CONNECTIONS", 2)
    lab = start()
    before = descriptors()
    with lab.connect(HALF) as first, lab.connect(HALF), lab.connect(ASK) as third:
        wait_until(lambda: "reached the connection limit" in caplog.text)
        assert descriptors() == before + 3 + 2  # the three ends here, and two of the server's
        first.close()
        wait_until(lambda: answered(third))


def test_an_answer_that_nobody_reads_waits_in_no_file_and_not_in_the_kernel(lab: Lab) -> None:
    before = descriptors()
    with ExitStack() as stack:
        hanging = [stack.enter_context(lab.connect(ASK)) for _ in range(8)]
        wait_until(lambda: all(map(answered, hanging)))
        assert lab.is_well()
        wait_until(lambda: descriptors() == before + 8 + 8)  # what is sent is closed soon, too
        assert not any(map(ended, hanging))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_connection_is_for_one_answer_and_the_answer_says_so(lab: Lab, version: str) -> None:
    ask = f"GET /healthz HTTP/{version}\r\nConnection: keep-alive\r\n\r\n".encode()
    head, _, body = lab.say(ask * 3).partition(b"\r\n\r\n")
    assert body == b"ok"
    assert head.lower().count(b"\r\nconnection: ") == 1
    assert b"\r\nConnection: close" in head


@pytest.mark.parametrize(
    "said",
    [
        POST + b"Content-Length: 16384\r\n\r\n",
        POST + b"Content-Length: 16384\r\nExpect: 100-continue\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"4000000\r\n".ljust(REQUEST_BYTES),
    ],
    ids=["by its length", "when asked for", "by its bytes"],
)
def test_a_body_that_is_too_long_is_refused_before_it_is_there(lab: Lab, said: bytes) -> None:
    assert lab.say(said).startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")


def test_a_body_that_is_not_too_long_is_for_the_pages_to_refuse(lab: Lab) -> None:
    said = POST + b"Content-Length: 16383\r\n\r\n" + bytes(16383)
    assert lab.say(said).startswith(b"HTTP/1.1 405 METHOD NOT ALLOWED\r\n")


def test_a_head_that_is_too_long_is_refused_before_it_is_there(lab: Lab) -> None:
    said = b"GET /healthz HTTP/1.1\r\nCookie: ".ljust(REQUEST_BYTES, b"x")
    assert lab.say(said).startswith(b"HTTP/1.0 431 Request Header Fields Too Large\r\n")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(b"GET\r\n\r\n", b"400 Bad Request", id="no request"),
        pytest.param(
            POST + b"Content-Length: 16384\r\n\r\n",
            b"413 Request Entity Too Large",
            id="too long a body",
        ),
        pytest.param(
            b"GET /healthz HTTP/1.1\r\nCookie: ".ljust(REQUEST_BYTES, b"x"),
            b"431 Request Header Fields Too Large",
            id="too long a head",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: gzip\r\n\r\n", b"501 Not Implemented", id="unknown coding"
        ),
    ],
)
def test_what_no_page_is_asked_for_has_the_pages_headers_once(
    lab: Lab, said: bytes, status: bytes
) -> None:
    head, _, _ = lab.say(said).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0].endswith(status)
    for name, value in HEADERS.items():
        assert head.count(f"\r\n{name}: {value}".encode()) == 1


def test_a_health_check_is_answered_though_no_drawing_ends(lab: Lab) -> None:
    with ExitStack() as stack:
        asking = [
            stack.enter_context(lab.connect(b"GET /drawing HTTP/1.0\r\n\r\n"))
            for _ in range(4 * PAGE_THREADS)
        ]
        assert lab.is_well()
        assert not any(map(answered, asking))
        lab.drawn.set()
        wait_until(lambda: all(map(answered, asking)))


def test_where_not_even_the_first_threads_start_it_does_not_begin(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Threads, "start_new_thread", refuse)
    with pytest.raises(RuntimeError, match=NO_THREAD):
        start()


def test_its_threads_are_not_named_like_lanes(lab: Lab) -> None:
    assert lab.is_well()
    names = {thread.name for thread in threading.enumerate()}
    assert "http" in names
    assert not any(name.startswith(("Thread-", "Worker-")) for name in names)


def test_it_listens_on_ipv6_too(start: Callable[..., Lab]) -> None:
    assert start("::1").is_well()


def test_closed_it_leaves_nothing_behind() -> None:
    threads, before = set(threading.enumerate()), descriptors()
    app = Flask(__name__)
    app.add_url_rule("/page", "page", lambda: Response(PAGE))
    server = WebServer(app, "127.0.0.1", 0, HEADERS)
    lab = Lab("127.0.0.1", server.port, threading.Event())
    with lab.connect(b"") as silent, lab.connect(ASK) as hanging:
        wait_until(lambda: answered(hanging))
        server.close()
        assert silent.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        lab.connect(b"")
    wait_until(lambda: set(threading.enumerate()) <= threads)
    assert descriptors() == before
    del server
    gc.collect()  # which warns of what was forgotten


def test_it_closes_in_order_though_a_client_wakes_it_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = descriptors()
    server = WebServer(Flask(__name__), "127.0.0.1", 0, HEADERS)
    lab = Lab("127.0.0.1", server.port, threading.Event())
    wake = webserver.Server.pull_trigger

    def come_first(woken: webserver.Server) -> None:
        lab.connect(b"").close()
        wait_until(lambda: "http" not in {thread.name for thread in threading.enumerate()})
        wake(woken)

    monkeypatch.setattr(webserver.Server, "pull_trigger", come_first)
    server.close()
    assert descriptors() == before
