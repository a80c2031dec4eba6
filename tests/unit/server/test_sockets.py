"""A port is bound and prepared before anybody can connect."""

import gc
import socket

import pytest

from server.chat.sockets import BUFFER, bind
from tests.kit.waiting import SECONDS


def test_nobody_can_connect_before_the_socket_listens() -> None:
    with bind("127.0.0.1", 0, gone_seconds=5) as bound, socket.socket() as early:
        assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5_000
        with pytest.raises(ConnectionRefusedError):
            early.connect(bound.getsockname())
        bound.listen()
        socket.create_connection(bound.getsockname(), SECONDS).close()


def test_a_socket_that_cannot_be_bound_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bind(*taken.getsockname())
    gc.collect()  # warns about sockets left open


def test_accepted_sockets_send_at_once_are_bounded_and_notice_a_lost_peer() -> None:
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        with socket.create_connection(bound.getsockname(), SECONDS), bound.accept()[0] as accepted:
            expected = {
                (socket.IPPROTO_TCP, socket.TCP_NODELAY): 1,
                # The kernel doubles these for its own bookkeeping: socket(7).
                (socket.SOL_SOCKET, socket.SO_SNDBUF): 2 * BUFFER,
                (socket.SOL_SOCKET, socket.SO_RCVBUF): 2 * BUFFER,
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): 30,  # seconds, then 3 probes 10 s apart
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): 10,
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): 3,
                (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT): 60_000,
            }
            assert {option: accepted.getsockopt(*option) for option in expected} == expected
