"""Last words for many at once, without waiting for any of them."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from server.connection import LINGER_SECONDS, Connection
from server.farewell import PLACES, Farewell
from server.protocol import Lines
from tests.kit.waiting import SECONDS

BUSY = Lines.error("busy")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=2 * PLACES) as listening:
        yield listening


def told(listening: socket.socket, farewell: Farewell) -> socket.socket:
    peer = socket.create_connection(listening.getsockname(), timeout=SECONDS)
    accepted, _ = listening.accept()
    farewell.say(Connection(accepted), "busy")
    return peer


def heard(peer: socket.socket) -> bytes:
    with peer, peer.makefile("rb") as lines:
        return lines.read()


def test_a_client_that_is_turned_away_reads_why(listening: socket.socket) -> None:
    farewell = Farewell(Lines)
    assert heard(told(listening, farewell)) == BUSY
    farewell.shutdown()


def test_clients_that_stay_hold_nobody_up_longer_than_one_of_them(
    listening: socket.socket,
) -> None:
    farewell = Farewell(Lines)
    began = time.monotonic()
    staying = [told(listening, farewell) for _ in range(PLACES)]
    assert time.monotonic() - began < LINGER_SECONDS
    farewell.shutdown()
    assert time.monotonic() - began < 3 * LINGER_SECONDS
    assert [heard(peer) for peer in staying] == [BUSY] * PLACES


def test_beyond_its_places_it_closes_at_once_and_still_says_why(listening: socket.socket) -> None:
    farewell = Farewell(Lines)
    peers = [told(listening, farewell) for _ in range(PLACES + 10)]
    assert [heard(peer) for peer in peers] == [BUSY] * len(peers)
    farewell.shutdown()


def test_a_fault_is_told_and_costs_the_others_nothing(
    listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    linger, faults = Connection.linger, iter([MemoryError("ours")])

    def fault(connection: Connection, deadline: float) -> None:
        for error in faults:
            raise error
        linger(connection, deadline)

    monkeypatch.setattr(Connection, "linger", fault)
    with capture_logs() as logged:
        farewell = Farewell(Lines)
        assert [heard(told(listening, farewell)) for _ in range(3)] == [BUSY] * 3
        farewell.shutdown()
    assert [entry["event"] for entry in logged] == ["farewell failed"]


def test_its_thread_ends_with_it() -> None:
    farewell = Farewell(Lines)
    assert "farewell" in {thread.name for thread in threading.enumerate()}
    farewell.shutdown()
    assert "farewell" not in {thread.name for thread in threading.enumerate()}
