"""A port: bound, and prepared before anybody can connect; test_listener has what is inherited."""

import gc
import socket

import pytest

from server.port import GONE_SECONDS, bind
from tests.kit.waiting import SECONDS


def patience(prepared: socket.socket) -> float:
    """Seconds after which the kernel takes who acknowledges nothing for gone."""
    return prepared.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) / 1000


def test_nobody_can_connect_before_all_is_prepared() -> None:
    with bind("127.0.0.1", 0) as bound:
        assert patience(bound) == GONE_SECONDS
        with socket.socket() as early, pytest.raises(ConnectionRefusedError):
            early.connect(bound.getsockname())
        bound.listen()
        socket.create_connection(bound.getsockname(), SECONDS).close()


def test_each_port_says_when_a_peer_is_gone() -> None:
    with bind("127.0.0.1", 0, 5) as bound:
        assert patience(bound) == 5


def test_what_cannot_be_bound_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
        with pytest.raises(OSError, match="in use"):
            bind(host, port)
    gc.collect()  # which warns of what was left open
