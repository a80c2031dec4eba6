"""TLS without a socket and over one: the time-outs hold, and last words can be read."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from server.chat.connection import Connection, TimedOut, Unread
from server.chat.endpoint import Endpoint, HandshakeFailed
from server.chat.tls import TlsConnection
from tests.kit.certificates import Authority, Pair, authority
from tests.kit.key_updates import KeyUpdates, logging_keys
from tests.kit.memory_client import MemoryClient
from tests.kit.peer import accepted, reset_on_close
from tests.kit.waiting import SECONDS, wait_for_end

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def met(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[Endpoint, MemoryClient]:
    ends = Endpoint(server), MemoryClient(client)
    ends[1].meet(ends[0])
    return ends


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("piece", [1, 1 << 20])
def test_the_name_is_proven_and_written_bytes_are_read(
    context: ssl.SSLContext, trusting: ssl.SSLContext, version: ssl.TLSVersion, piece: int
) -> None:
    trusting.maximum_version = version
    server, client = Endpoint(context), MemoryClient(trusting)
    client.meet(server, piece)
    assert server.peer() == "client-1"
    assert client.hear(server.write(b"Hey")) == b"Hey"
    server.feed(client.say(b"Hey Server!!!"))
    assert [server.read(4), server.read(99), server.read(99)] == [b"Hey ", b"Server!!!", None]


def test_text_of_many_records_is_written_whole(
    context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server, client = met(context, trusting)
    assert client.hear(server.write(bytes(100_000))) == bytes(100_000)


def test_half_a_record_is_not_read_yet(context: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
    server, client = met(context, trusting)
    ciphertext = client.say(b"Hey")
    server.feed(ciphertext[:-1])
    assert server.read(99) is None
    server.feed(ciphertext[-1:])
    assert server.read(99) == b"Hey"


def test_no_tickets_are_sent_after_the_handshake(
    context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    trusting.minimum_version = ssl.TLSVersion.TLSv1_3
    server, client = Endpoint(context), MemoryClient(trusting)
    client.meet(server)
    assert server.take() == b""
    assert not client.incoming.pending


def test_the_end_of_the_input_is_the_peers_goodbye(
    context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server, client = met(context, trusting)
    server.feed(client.say(b"Hey"))
    server.feed(client.goodbye())
    assert [server.read(99), server.read(99)] == [b"Hey", b""]


def test_the_last_words_can_be_read_and_then_the_end(
    context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server, client = met(context, trusting)
    client.incoming.write(server.end(b"-ERR closing"))
    assert [client.tls.read(99), client.tls.read(99)] == [b"-ERR closing", b""]


# For each end: what the client says, how much of it arrives, and how many bytes are read.
ENDS = {
    "bye": (b"Hey\n", None, 99),
    "unfinished": (b"x", None, 99),
    "idle": (b"", None, 99),
    "slow": (b"x", -1, 99),
    "too-long": (bytes(50_000), None, 9_000),
    "closing": (b"Hey\n", None, 0),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("end", ENDS)
def test_a_goodbye_can_be_read_at_any_stage(
    context: ssl.SSLContext, trusting: ssl.SSLContext, end: str, version: ssl.TLSVersion
) -> None:
    trusting.maximum_version = version
    server, client = met(context, trusting)
    client.hear(server.take())
    said, come, read = ENDS[end]
    leaves = end in ("bye", "unfinished")
    server.feed(client.say(said)[:come] + (client.goodbye() if leaves else b""))
    if read:
        server.read(read)
    client.hear(server.end(b""))
    assert client.ended


def test_before_the_handshake_an_alert_puts_no_blame_on_the_peer(
    context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server, client = met(context, trusting)
    *record, last = client.say(b"Hey")
    server.feed(bytes([*record, last ^ 1]))
    with pytest.raises(ssl.SSLError):
        server.read(99)
    with pytest.raises(ssl.SSLError, match="ALERT_BAD_RECORD_MAC"):
        client.hear(server.end(b"nobody can read this"))


@pytest.mark.parametrize("of_hello", [0, 1, 99, -1], ids=["none", "a byte", "a part", "nearly all"])
def test_until_the_hello_is_answered_an_alert_says_that_it_is_no_fault_of_the_peers(
    context: ssl.SSLContext, trusting: ssl.SSLContext, of_hello: int
) -> None:
    server, client = Endpoint(context), MemoryClient(trusting)
    with suppress(ssl.SSLWantReadError):
        client.tls.do_handshake()
    server.feed(client.outgoing.read()[:of_hello])
    assert not server.shake_hands()
    client.incoming.write(server.end(b"-ERR busy"))
    with pytest.raises(ssl.SSLError, match="ALERT_INTERNAL_ERROR"):
        client.tls.do_handshake()


Show = Callable[[Authority, Authority], Pair | None]
STRANGERS: dict[str, tuple[Show, str]] = {
    "no-certificate": (lambda _ca, _other: None, "CERTIFICATE_REQUIRED"),
    "untrusted": (lambda _ca, other: other.issue("client-1"), "UNKNOWN_CA"),
    "expired": (lambda ca, _other: ca.issue("client-1", expired=True), "CERTIFICATE_EXPIRED"),
}


@pytest.mark.parametrize("reason", STRANGERS)
def test_a_client_that_proves_nothing_is_refused_and_can_read_why(
    ca: Authority, context: ssl.SSLContext, reason: str
) -> None:
    show, alert = STRANGERS[reason]
    with authority() as other:
        server, client = Endpoint(context), MemoryClient(ca.trusting(show(ca, other)))
        with pytest.raises(HandshakeFailed) as failure:
            client.meet(server)
    assert failure.value.reason == reason
    with pytest.raises(ssl.SSLError, match=alert):
        client.hear(server.end(b"nobody can read this"))


@pytest.mark.parametrize("said", [b"Hey Server!!!\n", b"GET / HTTP/1.0\r\n\r\n"])
def test_a_client_without_tls_is_refused_in_words(context: ssl.SSLContext, said: bytes) -> None:
    server = Endpoint(context)
    server.feed(said)
    with pytest.raises(HandshakeFailed, match=r"wrong version number|http request") as failure:
        server.shake_hands()
    assert failure.value.reason == "handshake"


def test_a_session_survives_that_its_peer_takes_new_keys_and_asks_for_new_ones(
    context: ssl.SSLContext, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    keys = logging_keys(trusting, tmp_path)
    server, client = met(context, trusting)
    updates = KeyUpdates(keys)
    for _ in range(3):
        server.feed(updates.say(b"Hey") + updates.update() + updates.say(b"Server!!!"))
        assert [server.read(99), server.read(99), server.read(99)] == [b"Hey", b"Server!!!", None]
        answer, later = server.take() + server.write(b"Today"), server.write(b"Today")
        assert len(answer) > len(later)  # the new keys come first
        assert client.hear(answer + later) == b"TodayToday"
    assert client.hear(server.end(b"-ERR closing")) == b"-ERR closing"
    assert client.ended


# Over a socket.

Line = tuple[TlsConnection, socket.socket]


@pytest.fixture
def line(context: ssl.SSLContext) -> Iterator[Line]:
    """A connection before its handshake, and the client's plain socket."""
    with accepted() as (end, peer):
        connection = TlsConnection(Connection(end), context, send_timeout=0.05)
        yield connection, peer
        connection.close()


def in_thread(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


@pytest.fixture
def pair(line: Line, trusting: ssl.SSLContext) -> Iterator[tuple[TlsConnection, ssl.SSLSocket]]:
    connection, plain = line
    shaking = in_thread(lambda: connection.handshake(SECONDS))
    with trusting.wrap_socket(
        plain, server_hostname="localhost", suppress_ragged_eofs=False
    ) as peer:
        shaking.join(SECONDS)
        yield connection, peer


Secured = tuple[TlsConnection, ssl.SSLSocket]


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["nothing", "half"])
def test_an_unfinished_handshake_ends_in_time(line: Line, said: bytes) -> None:
    connection, peer = line
    peer.sendall(said)
    began = time.monotonic()
    with pytest.raises(HandshakeFailed, match=r"not complete within 0\.05 s"):
        connection.handshake(0.05)
    assert time.monotonic() - began < SECONDS / 2


def test_a_handshake_that_drips_has_one_timeout_not_one_for_each_byte(line: Line) -> None:
    connection, peer = line
    done = threading.Event()

    def drip() -> None:
        for byte in b"\x16\x03\x01\x20\x00" + bytes(10_000):
            if done.wait(0.01):
                return
            peer.send(bytes([byte]))

    dripping, began = in_thread(drip), time.monotonic()
    with pytest.raises(HandshakeFailed):
        connection.handshake(0.2)
    assert time.monotonic() - began < 3
    done.set()
    wait_for_end(dripping)


def test_ending_the_servers_input_ends_a_handshake(line: Line) -> None:
    connection, _ = line
    failures: list[HandshakeFailed] = []

    def shake() -> None:
        with pytest.raises(HandshakeFailed) as failure:
            connection.handshake(SECONDS)
        failures.append(failure.value)

    shaking = in_thread(shake)
    connection.end_input()
    shaking.join(SECONDS / 2)
    assert [str(one) for one in failures] == ["the server is shutting down"]


def test_bytes_that_come_with_the_end_of_the_handshake_are_received_at_once(
    line: Line, trusting: ssl.SSLContext
) -> None:
    connection, peer = line
    client = MemoryClient(trusting)
    shaking = in_thread(lambda: connection.handshake(SECONDS))
    client.meet_over(peer, b"Hey\n")
    shaking.join(SECONDS)
    assert connection.receive(99, SECONDS / 4) == b"Hey\n"


def test_receiving_has_a_timeout(pair: Secured) -> None:
    with pytest.raises(TimedOut):
        pair[0].receive(99, 0.05)


def test_a_record_that_drips_has_one_timeout_not_one_for_each_byte(pair: Secured) -> None:
    connection, peer = pair
    done = threading.Event()

    def drip() -> None:
        raw = socket.socket(fileno=socket.dup(peer.fileno()))
        with raw:
            for byte in b"\x17\x03\x03\x20\x00" + bytes(8_000):
                if done.wait(0.01):
                    return
                raw.send(bytes([byte]))

    dripping, began = in_thread(drip), time.monotonic()
    with pytest.raises(TimedOut):
        connection.receive(99, 0.2)
    assert time.monotonic() - began < 3
    done.set()
    wait_for_end(dripping)


def test_sending_has_a_timeout(pair: Secured) -> None:
    with pytest.raises(TimedOut):
        pair[0].send(bytes(8_000_000), 0.05)


def test_unread_key_updates_end_after_the_send_timeout(
    line: Line, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    connection, peer = line
    client, keys = MemoryClient(trusting), logging_keys(trusting, tmp_path)
    shaking = in_thread(lambda: connection.handshake(SECONDS))
    client.meet_over(peer)
    shaking.join(SECONDS)
    updates, given_up = KeyUpdates(keys), threading.Event()

    def ask() -> None:
        with suppress(OSError):  # the server has stopped reading
            while not given_up.is_set():
                peer.sendall(updates.update())

    asking, began = in_thread(ask), time.monotonic()
    with pytest.raises(Unread):
        connection.receive(99, SECONDS)
    assert time.monotonic() - began < SECONDS / 2
    given_up.set()
    connection.abort()
    asking.join(SECONDS)


def test_a_drain_answers_what_has_arrived_and_says_farewell(pair: Secured) -> None:
    connection, peer = pair
    peer.sendall(b"Hey\n")
    peer.sendall(b"Server\n")
    assert connection.receive(99, SECONDS) == b"Hey\n"
    connection.end_input()
    assert connection.receive(99, SECONDS) == b"Server\n"
    assert connection.receive(99, SECONDS) == b""
    connection.send(b"+OK\n", SECONDS)
    assert connection.end_output(b"-ERR closing\n", SECONDS) == len(b"-ERR closing\n")
    connection.linger(time.monotonic() + SECONDS)
    heard = b""
    while chunk := peer.recv(99):  # raises on an alert or an end without a goodbye
        heard += chunk
    assert heard == b"+OK\n-ERR closing\n"


def test_a_thread_that_receives_is_woken_by_a_drain(pair: Secured) -> None:
    connection, _ = pair
    received: list[bytes] = []
    receiving = in_thread(lambda: received.append(connection.receive(99, SECONDS)))
    connection.end_input()
    receiving.join(SECONDS / 2)
    assert received == [b""]


def test_a_client_that_only_writes_and_leaves_is_read_to_the_end(
    line: Line, trusting: ssl.SSLContext
) -> None:
    connection, peer = line
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    client = MemoryClient(trusting)
    shaking = in_thread(lambda: connection.handshake(SECONDS))
    client.meet_over(peer)
    shaking.join(SECONDS)
    said = b"".join(client.say(bytes(10_000)) for _ in range(50))
    peer.sendall(said + client.goodbye())
    peer.close()  # if it had unread tickets, the kernel would reset and drop the bytes under way
    heard = 0
    while chunk := connection.receive(1 << 16, SECONDS):
        heard += len(chunk)
    assert heard == 500_000


@pytest.mark.parametrize("reset", [True, False], ids=["a reset", "no goodbye"])
def test_a_connection_that_ends_without_a_goodbye_is_an_error(
    pair: Secured, *, reset: bool
) -> None:
    connection, peer = pair
    if reset:
        reset_on_close(peer)
    peer.close()
    with pytest.raises(ConnectionError):
        connection.receive(99, SECONDS)


def test_it_says_goodbye_when_it_closes(pair: Secured) -> None:
    connection, peer = pair
    connection.send(b"Hey\n", SECONDS)
    connection.close()
    connection.close()
    assert [peer.recv(99), peer.recv(99)] == [b"Hey\n", b""]


def test_after_an_abort_the_close_resets_the_peer(pair: Secured) -> None:
    connection, peer = pair
    connection.abort()
    connection.close()
    with pytest.raises(OSError, match=r"reset|EOF|pipe"):
        peer.recv(99)
