"""Asking a running server's HTTP port."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from server.clock import now
from server.registry import Registry
from server.status import SECONDS, Unwell, addresses, fetch
from server.web import HEADERS, create_app
from server.webserver import WebServer


@pytest.fixture
def port() -> Iterator[int]:
    registry = Registry(model="thread", protocol="lines", max_clients=3)
    server = WebServer(create_app(registry), "127.0.0.1", 0, HEADERS)
    yield server.port
    server.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """A port where whoever asks is answered with this, once."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def say() -> None:
            accepted, _ = listening.accept()
            with accepted:
                accepted.recv(1000)
                accepted.sendall(answer)

        saying = threading.Thread(target=say)
        saying.start()
        yield listening.getsockname()[1]
        saying.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_page_is_fetched_from_this_machine_wherever_the_server_listens(
    port: int, host: str
) -> None:
    assert fetch(host, port, "/healthz").body == b"ok\n"


def test_an_answer_says_how_far_the_servers_clock_is_ahead_and_how_sure_that_is(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.now", lambda: now() + 100)
    answer = fetch("127.0.0.1", port, "/healthz")
    assert 0 < answer.within < SECONDS
    assert abs(answer.ahead - 100) <= answer.within + 0.000_001  # as it is rounded on the way


@pytest.mark.parametrize("header", [b"", b"Lanes-Clock: late\r\n", b"Lanes-Clock: nan\r\n"])
def test_a_server_of_another_kind_is_told_as_such(header: bytes) -> None:
    with (
        saying(b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 3\r\n\r\nok\n") as port,
        pytest.raises(Unwell, match=r"127.0.0.1 port \d+ .* no Thread Lanes server"),
    ):
        fetch("127.0.0.1", port, "/healthz")


def test_no_server_is_said_with_address_and_cause() -> None:
    port = closed_port()
    with pytest.raises(Unwell, match=f"no answer from 127.0.0.1 port {port}: .*refused"):
        fetch("127.0.0.1", port, "/healthz")


def test_a_page_that_is_not_there_is_said_with_its_status(port: int) -> None:
    with pytest.raises(Unwell, match="answered 404 NOT FOUND"):
        fetch("127.0.0.1", port, "/nothing")


def test_a_port_that_speaks_something_else_is_not_well() -> None:
    with saying(b"+OK Thread-1: ready\r\n") as port, pytest.raises(Unwell, match="no answer"):
        fetch("127.0.0.1", port, "/healthz")


def test_an_address_is_asked_once_and_with_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, 1)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_options: found)
    assert addresses("tasks.server", 80) == {"10.0.0.1", "fe80::1%lo"}
