"""The server of the HTTP port: whoever hangs on it, the others are answered."""

import gc
import http.client
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask, Response

from server import webserver
from server.webserver import REQUEST_BYTES, WebServer
from tests.unit.running import SECONDS, wait_until

PAGE = bytes(1024 * 1024)
ASK = b"GET /page HTTP/1.1\r\nHost: lab\r\n\r\n"
HALF = ASK[:-9]
PIPELINED = ASK * 500
POST = b"POST /healthz HTTP/1.1\r\n"
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Lab(NamedTuple):
    """A server of a few pages: one is large, and one is being drawn until a test ends."""

    host: str
    port: int

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
            server = WebServer(app, host, 0)
            stack.callback(server.close)
            stack.callback(drawn.set)
            return Lab(host, server.port)

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


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize(
    ("said", "is_answered"),
    [
        pytest.param(ASK, True, id="read nothing"),
        pytest.param(HALF, False, id="stall in the head"),
        pytest.param(PIPELINED, True, id="pipeline and read nothing"),
        pytest.param(b"GET /drawing HTTP/1.0\r\n\r\n", False, id="wait for a drawing"),
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
    server = WebServer(app, "127.0.0.1", 0)
    lab = Lab("127.0.0.1", server.port)
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
