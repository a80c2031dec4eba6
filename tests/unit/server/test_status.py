"""Asking a running server's HTTP port."""

import socket
from collections.abc import Iterator

import pytest

from server.clock import now
from server.registry import Registry
from server.status import SECONDS, Unwell, addresses, fetch
from server.web import HEADERS, create_app
from server.webserver import WebServer
from tests.kit.fake_server import CHUNK, FakeServer


@pytest.fixture
def port() -> Iterator[int]:
    registry = Registry(model="thread", protocol="lines", max_clients=3)
    server = WebServer(create_app(registry), "127.0.0.1", 0, HEADERS)
    yield server.port
    server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_page_is_fetched_from_this_machine_wherever_it_listens(port: int, host: str) -> None:
    assert fetch(host, port, "/healthz").body == b"ok\n"


def test_an_answer_says_how_far_the_servers_clock_is_ahead_and_how_sure_that_is(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.now", lambda: now() + 100)
    answer = fetch("127.0.0.1", port, "/healthz")
    assert 0 < answer.within < SECONDS
    assert abs(answer.ahead - 100) <= answer.within + 0.000_001  # as it is rounded on the way


OTHERS = r"127.0.0.1 port \d+ .* no Thread Lanes server"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n", OTHERS),
        (b"HTTP/1.1 200 OK\r\nLanes-Clock: late\r\nContent-Length: 3\r\n\r\nok\n", OTHERS),
        (b"HTTP/1.1 200 OK\r\nLanes-Clock: nan\r\nContent-Length: 3\r\n\r\nok\n", OTHERS),
        (b"+OK Thread-1: ready\r\n", r"no answer from 127.0.0.1 port \d+: "),
    ],
)
def test_a_server_of_another_kind_is_called_that(said: bytes, told: str) -> None:
    with FakeServer([[CHUNK, said]]) as other, pytest.raises(Unwell, match=told):
        fetch(*other.address, "/healthz")


def test_a_page_that_is_not_there_is_reported_with_its_status(port: int) -> None:
    with pytest.raises(Unwell, match="answered 404 NOT FOUND"):
        fetch("127.0.0.1", port, "/nothing")


def test_an_address_is_asked_once_and_with_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    v4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))
    v6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, 1))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_options: [v4, v4, v6])
    assert addresses("tasks.server", 80) == {"10.0.0.1", "fe80::1%lo"}
