"""The server of the HTTP port: whoever hangs on it, the others are answered."""

import gc
import os
import resource
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask, Response
from structlog.testing import capture_logs

from server import webserver
from server.dispatcher import Threads
from server.webserver import REQUEST_BYTES, WebServer
from tests.kit.http_get import get
from tests.kit.peer import Peer
from tests.kit.waiting import SECONDS, wait_until

PAGE = bytes(1024 * 1024)
ASK = b"GET /page HTTP/1.1\r\nHost: lab\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.0\r\n\r\n"
HALF = ASK[:-9]
POST = b"POST /healthz HTTP/1.1\r\n"
ENDLESS = b"4000000\r\n".ljust(REQUEST_BYTES)  # the beginning of a chunk
TOO_LONG = b"413 Request Entity Too Large"
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Lab(NamedTuple):
    """A server of a few pages: one is large, and one takes until it may end to be drawn."""

    host: str
    port: int
    is_drawing: threading.Event
    may_end: threading.Event

    def connect(self, said: bytes) -> socket.socket:
        connected = socket.create_connection((self.host, self.port), timeout=SECONDS)
        connected.sendall(said)
        return connected

    @contextmanager
    def connect_all(self, said: Iterable[bytes]) -> Iterator[list[socket.socket]]:
        """Connections that say one of these each, and then nothing more."""
        with ExitStack() as stack:
            yield [stack.enter_context(self.connect(one)) for one in said]

    def say(self, said: bytes) -> bytes:
        """All that is answered, up to the end of the connection."""
        with self.connect(said) as connected, connected.makefile("rb") as answer:
            return answer.read()

    def is_well(self) -> bool:
        return get(self.port, "/healthz", host=self.host).body == b"ok"


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Lab]]:
    """Starts one; nobody is given up in time unless a test says so."""
    monkeypatch.setattr(webserver, "CONNECTION_SECONDS", SECONDS)
    with ExitStack() as stack:

        def start(host: str = "127.0.0.1", idle: int = round(SECONDS)) -> Lab:
            monkeypatch.setattr(webserver, "IDLE_SECONDS", idle)
            is_drawing, may_end = threading.Event(), threading.Event()

            def draw() -> str:
                is_drawing.set()
                return str(may_end.wait(SECONDS))

            app = Flask(__name__)
            app.add_url_rule("/healthz", "healthz", lambda: "ok")
            app.add_url_rule("/page", "page", lambda: Response(PAGE))
            app.add_url_rule("/drawing", "drawing", draw)
            server = WebServer(app, host, 0, HEADERS)
            stack.callback(server.close)
            stack.callback(may_end.set)
            return Lab(host, server.port, is_drawing, may_end)

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


@contextmanager
def descriptors_at_most(number: int) -> Iterator[None]:
    """The process may have no more; a smaller number than that of those it has ends none."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_connections_that_hang_are_given_up_in_time_without_a_word_in_the_log(
    start: Callable[..., Lab], caplog: pytest.LogCaptureFixture
) -> None:
    lab, before = start(idle=1), descriptors()
    with lab.connect_all([b"", HALF, ASK, ASK * 500]) as (silent, stalling, *reading_nothing):
        wait_until(lambda: ended(silent) and ended(stalling))
        wait_until(lambda: all(map(answered, reading_nothing)))
        wait_until(lambda: descriptors() == before + 4)  # the four ends here
    assert caplog.messages == []


def test_clients_that_drip_give_up_their_places_at_the_deadline_to_one_that_waits(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(webserver, "CONNECTIONS", 2)
    lab, before = start(), descriptors()
    with lab.connect_all([HALF, ASK]) as dripping:
        sending, reading = dripping

        def dripping_until(condition: Callable[[], bool]) -> None:
            def is_so() -> bool:
                with suppress(OSError):  # it is reset
                    sending.send(b"x")
                with suppress(OSError):  # likewise, or nothing is there to be read
                    reading.recv(64, socket.MSG_DONTWAIT)
                return condition()

            wait_until(is_so)

        dripping_until(lambda: "reached the connection limit" in caplog.text)
        assert not any(map(ended, dripping))
        with lab.connect(HEALTH) as asking:
            assert descriptors() == before + 3 + 2  # the three ends here, and two of the server's
            monkeypatch.setattr(webserver, "CONNECTION_SECONDS", 0.5)
            dripping_until(lambda: answered(asking))
            assert asking.makefile("rb").read().endswith(b"ok")
        wait_until(lambda: all(map(ended, dripping)))  # with what they have yet to read


def test_an_overdue_connection_stays_while_its_thread_is_at_work(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = start()
    with lab.connect(b"GET /drawing HTTP/1.0\r\n\r\n") as drawing, lab.connect(b"") as idle:
        assert lab.is_drawing.wait(SECONDS)
        monkeypatch.setattr(webserver, "CONNECTION_SECONDS", 0)
        wait_until(lambda: ended(idle))
        assert not ended(drawing)
        lab.may_end.set()
        wait_until(lambda: ended(drawing))


def test_a_fault_of_its_loop_is_logged_does_not_spin_and_does_not_end_the_port(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webserver, "FAULT_PAUSE", 0.2)
    lab = start()
    with capture_logs() as logged:
        with descriptors_at_most(1):  # fewer than poll(2) is given: EINVAL
            wait_until(lambda: bool(logged))
            began = time.monotonic()
            wait_until(lambda: len(logged) >= 6)
            assert time.monotonic() - began > 0.5  # five pauses, and the first was noticed late
        assert lab.is_well()
    assert logged[0] == {
        "event": "the HTTP port failed, trying again",
        "exc_info": True,
        "log_level": "error",
    }


def test_a_fault_while_it_accepts_is_logged_and_costs_that_connection_alone(
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
    with socket.socket() as connecting, capture_logs() as logged:
        next_free = os.dup(connecting.fileno())
        os.close(next_free)
        with descriptors_at_most(next_free):
            connecting.connect((lab.host, lab.port))
            wait_until(lambda: bool(logged))
            began, before = time.monotonic(), len(logged)
            wait_until(lambda: len(logged) >= before + 5)
            assert time.monotonic() - began > 0.35  # five pauses, and the first was noticed late
        connecting.sendall(HEALTH)
        assert connecting.makefile("rb").read().endswith(b"ok")
    assert {entry["event"] for entry in logged} == {"cannot accept on the HTTP port, trying again"}


def test_an_answer_that_nobody_reads_waits_in_no_file_and_not_in_the_kernel(lab: Lab) -> None:
    before = descriptors()
    with lab.connect_all([ASK] * 8) as hanging:
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
    ("said", "status"),
    [
        (b"GET\r\n\r\n", b"400 Bad Request"),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", b"501 Not Implemented"),
        # What is too long is refused before it is there: a head, and a body by its length, when the
        # client asks whether to send it, and by its bytes.
        (HEALTH[:-2].ljust(REQUEST_BYTES, b"x"), b"431 Request Header Fields Too Large"),
        (POST + b"Content-Length: 16384\r\n\r\n", TOO_LONG),
        (POST + b"Content-Length: 16384\r\nExpect: 100-continue\r\n\r\n", TOO_LONG),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n" + ENDLESS, TOO_LONG),
    ],
)
def test_a_wrong_request_is_refused_with_the_headers_of_every_page_once(
    lab: Lab, said: bytes, status: bytes
) -> None:
    head, _, _ = lab.say(said).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0].endswith(status)
    for name, value in HEADERS.items():
        assert head.count(f"\r\n{name}: {value}".encode()) == 1


def test_a_body_that_is_not_too_long_is_for_the_pages_to_refuse(lab: Lab) -> None:
    said = POST + b"Content-Length: 16383\r\n\r\n" + bytes(16383)
    assert lab.say(said).startswith(b"HTTP/1.1 405 METHOD NOT ALLOWED\r\n")


def test_where_not_even_the_first_threads_start_it_does_not_begin(
    start: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Threads, "start_new_thread", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        start()


def test_it_listens_on_ipv6_too(start: Callable[..., Lab]) -> None:
    assert start("::1").is_well()


def test_closed_it_leaves_nothing_behind() -> None:
    threads, before = set(threading.enumerate()), descriptors()
    app = Flask(__name__)
    app.add_url_rule("/page", "page", lambda: Response(PAGE))
    server = WebServer(app, "127.0.0.1", 0, HEADERS)
    # None is named like a lane.
    names = {thread.name for thread in set(threading.enumerate()) - threads}
    assert names == {"http", "health", "pages-1", "pages-2", "pages-3"}
    address = f"127.0.0.1:{server.port}"
    with Peer(address) as silent, Peer(address) as hanging:
        hanging.send(ASK)
        wait_until(lambda: answered(hanging.socket))
        server.close()
        assert silent.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        Peer(address)
    wait_until(lambda: set(threading.enumerate()) <= threads)
    assert descriptors() == before
    del server
    gc.collect()  # which warns of what was forgotten


def test_it_closes_in_order_though_a_client_wakes_it_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = descriptors()
    server = WebServer(Flask(__name__), "127.0.0.1", 0, HEADERS)
    wake = webserver.Server.pull_trigger

    def come_first(woken: webserver.Server) -> None:
        Peer(f"127.0.0.1:{server.port}").close()
        wait_until(lambda: "http" not in {thread.name for thread in threading.enumerate()})
        wake(woken)

    monkeypatch.setattr(webserver.Server, "pull_trigger", come_first)
    server.close()
    assert descriptors() == before
