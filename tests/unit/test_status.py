"""Asking a running server's HTTP port from the command line."""

import socket
import threading
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from server.registry import Registry
from server.status import Unwell, fetch, lanes_table
from server.web import create_app
from server.webserver import WebServer


@pytest.fixture
def registry() -> Registry:
    return Registry(model="thread", protocol="lines", max_clients=3)


@pytest.fixture
def port(registry: Registry) -> Iterator[int]:
    server = WebServer(create_app(registry), "127.0.0.1", 0)
    yield server.port
    server.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_page_is_fetched_from_this_machine_wherever_the_server_listens(
    port: int, host: str
) -> None:
    assert fetch(host, port, "/healthz") == b"ok\n"


def test_no_server_is_said_with_address_and_cause() -> None:
    port = closed_port()
    with pytest.raises(Unwell, match=f"no answer from 127.0.0.1 port {port}: .*refused"):
        fetch("127.0.0.1", port, "/healthz")


def test_a_page_that_is_not_there_is_said_with_its_status(port: int) -> None:
    with pytest.raises(Unwell, match="answered 404 NOT FOUND"):
        fetch("127.0.0.1", port, "/nothing")


def test_a_port_that_speaks_something_else_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def babble() -> None:
            accepted, _ = listening.accept()
            with accepted:
                accepted.recv(1000)
                accepted.sendall(b"+OK Thread-1: ready\r\n")

        babbling = threading.Thread(target=babble)
        babbling.start()
        with pytest.raises(Unwell, match="no answer"):
            fetch("127.0.0.1", listening.getsockname()[1], "/healthz")
        babbling.join()


def test_the_lanes_show_who_was_served_by_which_thread(
    registry: Registry, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = chain([100.0, 100.0, 101.5, 104.0], repeat(104.0))
    monkeypatch.setattr("server.registry.now", steps.__next__)
    served, waiting = registry.admit("10.0.0.1:1"), registry.admit("10.0.0.2:2")
    assert served is not None
    assert waiting is not None
    registry.assign(served)
    registry.serve(served)
    registry.close(served, "bye")
    head, first, second, last = lanes_table("127.0.0.1", port).splitlines()
    assert head.split() == [
        *["SESSION", "CLIENT", "THREAD", "OS", "THREAD"],
        *["STATE", "WAITED", "SERVED", "MESSAGES"],
    ]
    assert first.split() == [
        *["1", "10.0.0.1:1", "MainThread", str(served.native_id)],
        *["bye", "1.5", "s", "2.5", "s", "0"],
    ]
    assert second.split() == ["2", "10.0.0.2:2", "-", "-", "waiting", "-", "-", "0"]
    assert last == "model thread: 2 accepted, at most 1 served at once"
