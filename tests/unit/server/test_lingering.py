"""Last words for many clients at once, without waiting for any of them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from server.chat.connection import Connection
from server.chat.lingering import PLACES, Lingering
from server.chat.protocol import Lines
from tests.kit.waiting import SECONDS

BUSY = Lines.error("busy")
Tell = Callable[[Lingering], socket.socket]


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Has the server say busy to a new client, and returns the client's socket."""
    with socket.create_server(("127.0.0.1", 0), backlog=2 * PLACES) as listening:

        def tell(lingering: Lingering) -> socket.socket:
            peer = socket.create_connection(listening.getsockname(), timeout=SECONDS)
            accepted, _ = listening.accept()
            lingering.say(Connection(accepted), "busy")
            return peer

        yield tell


def heard(peer: socket.socket) -> bytes:
    with peer, peer.makefile("rb") as lines:
        return lines.read()


def test_clients_that_stay_linger_together(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.chat.lingering.LINGER_SECONDS", 0.5)
    lingering = Lingering(Lines)
    began = time.monotonic()
    staying = [tell(lingering) for _ in range(PLACES)]
    lingering.shutdown()
    assert 0.5 <= time.monotonic() - began < 0.5 * PLACES / 2  # all at once, not in turn
    assert [heard(peer) for peer in staying] == [BUSY] * PLACES
    assert "lingering" not in {thread.name for thread in threading.enumerate()}


def test_without_a_free_place_it_says_why_and_closes_at_once(tell: Tell) -> None:
    lingering = Lingering(Lines)
    peers = [tell(lingering) for _ in range(PLACES + 10)]
    assert [heard(peer) for peer in peers] == [BUSY] * len(peers)
    lingering.shutdown()


def test_a_fault_is_logged_and_harms_no_other_client(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    linger, faults = Connection.linger, iter([MemoryError("ours")])

    def fault(connection: Connection, deadline: float) -> None:
        for error in faults:
            raise error
        linger(connection, deadline)

    monkeypatch.setattr(Connection, "linger", fault)
    with capture_logs() as logged:
        lingering = Lingering(Lines)
        assert [heard(tell(lingering)) for _ in range(3)] == [BUSY] * 3
        lingering.shutdown()
    assert [entry["event"] for entry in logged] == ["lingering failed"]
