"""A port: bound, and prepared before anybody can connect; test_listener has what is set."""

import socket

import pytest

from server.port import bind
from tests.unit.running import SECONDS


def test_nobody_can_connect_before_all_is_prepared() -> None:
    prepared: list[socket.socket] = []
    with bind("127.0.0.1", 0, prepared.append) as bound:
        assert prepared == [bound]
        with socket.socket() as early, pytest.raises(ConnectionRefusedError):
            early.connect(bound.getsockname())
        bound.listen()
        socket.create_connection(bound.getsockname(), SECONDS).close()


def test_what_cannot_be_bound_is_closed() -> None:
    prepared: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
        with pytest.raises(OSError, match="in use"):
            bind(host, port, prepared.append)
    assert [one.fileno() for one in prepared] == [-1]
