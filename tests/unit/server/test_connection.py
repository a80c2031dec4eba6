"""One accepted socket: bounded in time, and closed so that last words are read."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from server.connection import LINGER_BYTES, RESET_ON_CLOSE, Connection, TimedOut
from tests.kit.waiting import SECONDS


def read_until_end(peer: socket.socket) -> bytes:
    """The last of what there is to be read."""
    last = b""
    while chunk := peer.recv(1 << 16):
        last = last[-100:] + chunk
    return last


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def pair(listening: socket.socket) -> Iterator[tuple[Connection, socket.socket]]:
    with socket.socket() as peer:
        peer.settimeout(SECONDS)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # a peer that does not read
        peer.connect(listening.getsockname())
        accepted, _ = listening.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # is soon noticed
        connection = Connection(accepted)
        yield connection, peer
        connection.close()


Pair = tuple[Connection, socket.socket]


def send_until_reset(peer: socket.socket) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            peer.sendall(bytes(LINGER_BYTES))


def test_bytes_are_received_as_they_come_and_the_end_is_empty(pair: Pair) -> None:
    connection, peer = pair
    peer.sendall(b"Hey")
    assert connection.receive(2, SECONDS) == b"He"
    assert connection.receive(2, SECONDS) == b"y"
    peer.shutdown(socket.SHUT_WR)
    assert connection.receive(2, SECONDS) == b""


def test_receiving_gives_up_after_its_timeout(pair: Pair) -> None:
    connection, _ = pair
    began = time.monotonic()
    with pytest.raises(TimedOut):
        connection.receive(1, 0.05)
    assert time.monotonic() - began >= 0.04


@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_no_time_left_is_not_for_ever(pair: Pair, timeout: float) -> None:
    connection, peer = pair
    peer.sendall(b"Hey")
    with pytest.raises(TimedOut):
        connection.receive(1, timeout)


def test_a_buffer_of_any_size_is_sent_whole(pair: Pair) -> None:
    connection, peer = pair
    buffer = bytes(range(256)) * 4_000
    sender = threading.Thread(target=connection.send, args=(buffer, SECONDS))
    sender.start()
    received = bytearray()
    while len(received) < len(buffer):
        received += peer.recv(1 << 16)
    sender.join()
    assert received == buffer


def test_a_peer_that_reads_too_slowly_uses_the_whole_timeout_up_not_one_for_each_piece(
    pair: Pair,
) -> None:
    connection, peer = pair
    done = threading.Event()
    taken = 0

    def sip() -> None:  # enough that each `send` moves on, far too little to finish
        nonlocal taken
        while not done.wait(0.01):
            taken += len(peer.recv(16_384))

    sipping = threading.Thread(target=sip)
    sipping.start()
    began = time.monotonic()
    with pytest.raises(TimedOut):
        connection.send(bytes(64_000_000), 0.3)
    took = time.monotonic() - began
    done.set()
    sipping.join()
    assert taken > 0
    assert 0.3 <= took < 3


def test_a_peer_that_is_gone_is_an_error_not_a_timeout(pair: Pair) -> None:
    connection, peer = pair
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    peer.close()
    with pytest.raises(ConnectionResetError):
        connection.receive(1, SECONDS)


def test_last_words_arrive_though_the_peer_has_said_things_nobody_read(pair: Pair) -> None:
    connection, peer = pair
    peer.sendall(bytes(10_000))
    connection.end_output(b"-ERR because\r\n", SECONDS)
    lingering = threading.Thread(target=connection.linger, args=(time.monotonic() + SECONDS,))
    lingering.start()
    assert peer.recv(100) == b"-ERR because\r\n"
    assert peer.recv(100) == b""
    assert lingering.is_alive()
    peer.close()
    lingering.join(SECONDS)
    assert not lingering.is_alive()


def test_lingering_ends_at_its_deadline(pair: Pair) -> None:
    connection, _ = pair
    connection.linger(time.monotonic() + 0.05)
    with pytest.raises(OSError, match="Bad file descriptor"):
        connection.receive(1, 1)


def test_lingering_ends_after_so_many_bytes(pair: Pair) -> None:
    connection, peer = pair

    flooding = threading.Thread(target=send_until_reset, args=(peer,))
    flooding.start()
    connection.linger(time.monotonic() + 60)
    flooding.join(SECONDS)
    assert not flooding.is_alive()


def test_last_words_never_wait_for_a_peer_that_does_not_read(pair: Pair) -> None:
    connection, _ = pair
    with pytest.raises(TimedOut):
        connection.send(bytes(16_000_000), 1)
    began = time.monotonic()
    assert connection.end_output(bytes(16_000_000), SECONDS) < 16_000_000
    assert time.monotonic() - began < 0.5


def test_once_the_input_has_ended_the_last_words_wait_until_the_peer_has_everything(
    pair: Pair,
) -> None:
    connection, peer = pair
    with pytest.raises(TimedOut):
        connection.send(bytes(16_000_000), 0.05)
    connection.end_input()
    said = threading.Event()

    def say() -> None:
        connection.end_output(b"bye", SECONDS)
        said.set()

    saying = threading.Thread(target=say)
    saying.start()
    assert not said.wait(0.05)
    last = read_until_end(peer)
    assert said.wait(SECONDS)
    assert last.endswith(b"\0bye")
    saying.join()


def test_the_last_words_wait_no_longer_than_they_are_told(pair: Pair) -> None:
    connection, _ = pair
    with pytest.raises(TimedOut):
        connection.send(bytes(16_000_000), 0.05)
    connection.end_input()
    began = time.monotonic()
    connection.end_output(b"bye", 0.05)
    assert 0.05 <= time.monotonic() - began < 1


@pytest.mark.parametrize("end", ["the peer is gone", "aborted"])
def test_the_last_words_do_not_wait_for_who_is_gone(pair: Pair, end: str) -> None:
    connection, peer = pair
    with pytest.raises(TimedOut):
        connection.send(bytes(16_000_000), 0.05)
    connection.end_input()
    if end == "aborted":
        connection.abort()
    else:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        peer.close()
    with pytest.raises(ConnectionError):
        connection.end_output(b"bye", 60)


def test_once_the_output_has_ended_the_input_stays_open_while_it_lingers(pair: Pair) -> None:
    connection, peer = pair
    connection.end_output(b"bye", SECONDS)
    connection.end_input()
    peer.sendall(b"Hey")
    assert connection.receive(9, SECONDS) == b"Hey"


def test_ending_the_input_leaves_what_has_arrived(pair: Pair) -> None:
    connection, peer = pair
    peer.sendall(b"Hey")
    assert connection.receive(1, SECONDS) == b"H"
    connection.end_input()
    assert connection.receive(9, SECONDS) == b"ey"
    assert connection.receive(9, SECONDS) == b""


def test_once_the_input_has_ended_a_peer_that_sends_on_and_on_is_read_no_more(pair: Pair) -> None:
    connection, peer = pair
    peer.sendall(b"Hey")
    connection.end_input()
    assert connection.receive(1, SECONDS) == b"H"  # from now on it is settled what is read
    peer.sendall(b" Server")
    assert connection.receive(9, SECONDS) == b"ey"
    assert connection.receive(9, SECONDS) == b""


def test_an_abort_wakes_the_thread_that_receives(pair: Pair) -> None:
    connection, _ = pair
    receiving = threading.Thread(target=connection.receive, args=(1, SECONDS))
    receiving.start()
    connection.abort()
    receiving.join(SECONDS)
    assert not receiving.is_alive()


def test_after_an_abort_the_close_resets_a_peer_that_has_not_read_everything(pair: Pair) -> None:
    connection, peer = pair
    with pytest.raises(TimedOut):
        connection.send(bytes(16_000_000), 0.05)
    connection.abort()
    connection.close()
    with pytest.raises(ConnectionResetError):  # and not the rest, and then the end
        read_until_end(peer)


def test_what_another_thread_does_to_a_closed_connection_does_nothing(pair: Pair) -> None:
    connection, _ = pair
    connection.close()
    connection.end_input()
    connection.abort()
