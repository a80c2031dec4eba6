"""One accepted socket: bounded in time, and closed so that last words are read."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from server.chat.connection import LINGER_BYTES, Connection, TimedOut
from tests.kit.peer import accepted, reset_on_close
from tests.kit.waiting import SECONDS, wait_for_end

Pair = tuple[Connection, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connection and its peer, which has small buffers and reads only when a test does."""
    with accepted() as (end, peer):
        connection = Connection(end)
        yield connection, peer
        connection.close()


def send_too_much(connection: Connection, seconds: float = 0.05) -> None:
    """Send until the peer, which does not read, has no more room."""
    with pytest.raises(TimedOut):
        connection.send(bytes(64_000_000), seconds)


def read_until_end(peer: socket.socket) -> bytes:
    """Read to the end of the stream and return the last bytes."""
    last = b""
    while chunk := peer.recv(1 << 16):
        last = last[-100:] + chunk
    return last


@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_no_time_left_does_not_mean_forever(pair: Pair, timeout: float) -> None:
    connection, peer = pair
    peer.sendall(b"Hey")
    with pytest.raises(TimedOut):
        connection.receive(1, timeout)


def test_a_slow_reader_has_one_timeout_not_one_for_each_piece(pair: Pair) -> None:
    connection, peer = pair
    done = threading.Event()
    taken = 0

    def sip() -> None:  # enough for each `send` to make progress, far too little to finish
        nonlocal taken
        while not done.wait(0.01):
            taken += len(peer.recv(16_384))

    sipping = threading.Thread(target=sip)
    sipping.start()
    began = time.monotonic()
    send_too_much(connection, 0.3)
    took = time.monotonic() - began
    done.set()
    wait_for_end(sipping)
    assert taken > 0
    assert 0.3 <= took < 3


def test_sending_gives_up_if_there_is_no_room_at_all(pair: Pair) -> None:
    for _ in range(9):  # the first call finds some
        send_too_much(pair[0])


def test_lingering_ends_after_256_kib(pair: Pair) -> None:
    connection, peer = pair
    began = time.monotonic()
    lingering = threading.Thread(target=connection.linger, args=(began + SECONDS,))
    lingering.start()
    with contextlib.suppress(ConnectionError):
        while True:
            peer.sendall(bytes(LINGER_BYTES))
    wait_for_end(lingering)
    assert time.monotonic() - began < SECONDS / 2


def test_last_words_never_wait_for_a_peer_that_does_not_read(pair: Pair) -> None:
    connection, _ = pair
    connection.send(b"Hey", SECONDS)  # another `send` would wait this long
    began = time.monotonic()
    assert connection.end_output(bytes(64_000_000), SECONDS) < 64_000_000
    assert time.monotonic() - began < SECONDS / 2


def test_after_the_input_has_ended_the_last_words_wait_for_the_peer(pair: Pair) -> None:
    connection, peer = pair
    send_too_much(connection)
    connection.end_input()
    saying = threading.Thread(target=connection.end_output, args=(b"bye", SECONDS))
    saying.start()
    saying.join(0.05)
    assert saying.is_alive()
    assert read_until_end(peer).endswith(b"\0bye")
    saying.join(SECONDS)
    assert not saying.is_alive()


def test_the_last_words_wait_no_longer_than_they_may(pair: Pair) -> None:
    connection, _ = pair
    send_too_much(connection)
    connection.end_input()
    began = time.monotonic()
    connection.end_output(b"bye", 0.05)
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("end", ["the peer is gone", "aborted"])
def test_the_last_words_do_not_wait_for_a_peer_that_has_gone(pair: Pair, end: str) -> None:
    connection, peer = pair
    send_too_much(connection)
    connection.end_input()
    if end == "aborted":
        connection.abort()
    else:
        reset_on_close(peer)
        peer.close()
    with pytest.raises(ConnectionError):
        connection.end_output(b"bye", SECONDS)


def test_the_input_stays_open_during_the_lingering_close(pair: Pair) -> None:
    connection, peer = pair
    connection.end_output(b"bye", SECONDS)
    connection.end_input()
    peer.sendall(b"Hey")
    assert connection.receive(9, SECONDS) == b"Hey"


def test_after_the_input_has_ended_only_earlier_bytes_are_read(pair: Pair) -> None:
    connection, peer = pair
    peer.sendall(b"Hey")
    assert connection.receive(1, SECONDS) == b"H"
    connection.end_input()
    assert connection.receive(1, SECONDS) == b"e"  # this settles what can still be read
    peer.sendall(b" Server")
    assert connection.receive(9, SECONDS) == b"y"
    assert connection.receive(9, SECONDS) == b""


def test_an_abort_wakes_the_thread_that_receives(pair: Pair) -> None:
    connection, _ = pair
    receiving = threading.Thread(target=connection.receive, args=(1, SECONDS))
    receiving.start()
    connection.abort()
    receiving.join(SECONDS / 2)
    assert not receiving.is_alive()


def test_after_an_abort_the_close_resets_a_peer_that_has_not_read_everything(pair: Pair) -> None:
    connection, peer = pair
    send_too_much(connection)
    connection.abort()
    connection.close()
    with pytest.raises(ConnectionResetError):  # not the rest and a normal end
        read_until_end(peer)


def test_calls_of_another_thread_on_a_closed_connection_do_nothing(pair: Pair) -> None:
    connection, _ = pair
    connection.close()
    connection.end_input()
    connection.abort()
