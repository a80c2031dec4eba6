"""The HTTP port: hanging clients do not delay the others."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from server.chat.registry import Registry
from server.http import webserver
from server.http.app import create_app
from server.http.webserver import WebServer
from tests.kit.http_get import LOOPBACK, get
from tests.kit.peer import deaf
from tests.kit.snapshots import crowded
from tests.kit.waiting import wait_until

Connect = Callable[[bytes], socket.socket]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry whose document is as large as it can get."""
    made, full = Registry(3, "", {}), crowded("pool")
    monkeypatch.setattr(made, "snapshot", lambda: full)
    return made


@pytest.fixture
def port(registry: Registry) -> Iterator[int]:
    with closing(WebServer(create_app(registry), LOOPBACK, 0)) as server:
        yield server.port


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Opens connections that send something and then go silent."""
    with ExitStack() as stack:
        yield lambda said: stack.enter_context(deaf((LOOPBACK, port), said, 2048))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.alone
@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"GET /sessions.json HTTP/1.1\r\n\r\n", id="read nothing"),
        pytest.param(b"GET /sessions.json HTTP/1.1\r\nHost: l", id="stall in the head"),
        pytest.param(b"GET /sessions.json HTTP/1.1\r\n\r\n" * 400, id="pipeline and read nothing"),
    ],
)
def test_64_hanging_connections_do_not_delay_a_health_check(
    port: int, connect: Connect, said: bytes
) -> None:
    for _ in range(64):
        connect(said)
    for _ in range(10):
        began = time.monotonic()
        assert get(port, "/healthz").body == b"ok\n"
        assert time.monotonic() - began < 0.5


def test_a_connection_gets_one_answer_and_the_answer_says_so(connect: Connect) -> None:
    connected = connect(b"GET /healthz HTTP/1.1\r\n\r\n" * 3)
    with connected.makefile("rb") as answer:
        answered = answer.read()
    assert answered.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close" in answered


def test_idle_connections_are_closed(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webserver, "IDLE_SECONDS", 1)
    with closing(WebServer(create_app(registry), LOOPBACK, 0)) as server, ExitStack() as stack:
        for said in (b"", b"GET /healthz HTTP/1.1\r\nHost: l", b"GET /sessions.json HTTP/1.1\r\n"):
            connected = stack.enter_context(deaf((LOOPBACK, server.port), said))
            assert connected.recv(1) == b""


def test_without_descriptors_it_does_not_spin_and_recovers_soon(port: int) -> None:
    with socket.socket() as connecting, capture_logs() as logged:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = max(int(one.name) for one in Path("/proc/self/fd").iterdir() if one.name.isdigit())
        fillers = [socket.socket() for _ in range(most)]  # leaves no free number below the limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(s.fileno() for s in fillers) + 1, hard))
        try:
            connecting.connect((LOOPBACK, port))
            wait_until(lambda: bool(logged))
            began, before = time.monotonic(), len(logged)
            wait_until(lambda: len(logged) >= before + 5)
            assert time.monotonic() - began > 0.35  # five pauses of 0.1 s, the first noticed late
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for filler in fillers:
                filler.close()
    assert {entry["event"] for entry in logged} == {"cannot accept on the HTTP port, trying again"}
    assert get(port, "/healthz").body == b"ok\n"


def test_a_closed_http_port_leaves_nothing_behind(registry: Registry) -> None:
    threads, before = set(threading.enumerate()), descriptors()
    server = WebServer(create_app(registry), LOOPBACK, 0)
    with socket.create_connection((LOOPBACK, server.port)):
        server.close()
    assert descriptors() == before
    wait_until(lambda: not [t for t in threading.enumerate() if t not in threads and t.is_alive()])


def test_it_listens_on_ipv6_too(registry: Registry) -> None:
    with closing(WebServer(create_app(registry), "::1", 0)) as server:
        assert get(server.port, "/healthz", host="::1").body == b"ok\n"
