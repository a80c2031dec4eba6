"""Sessions over TLS on a whole server: clients that are served, refused, or waiting."""

import ssl
import threading
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs

from server.chat.certificates import Certificates
from server.chat.models import Pool
from server.chat.record import End
from server.chat.registry import Refusal
from server.chat.session import Patience
from tests.kit.certificates import Authority, Pair, authority
from tests.kit.key_updates import KeyUpdates, logging_keys
from tests.kit.memory_client import MemoryClient
from tests.kit.peer import Peer, deaf
from tests.kit.running_server import RunningServer, StartServer
from tests.kit.waiting import SECONDS, wait_until


def refused(server: RunningServer, reason: Refusal) -> bool:
    return server.registry.snapshot().refused[reason] == 1


def alert(peer: Peer, tls: ssl.SSLContext) -> str:
    """Try to shake hands; return why that fails, in the words of the client's OpenSSL."""
    with (
        pytest.raises(ssl.SSLError) as error,
        tls.wrap_socket(peer.socket, server_hostname="localhost"),
    ):
        pass
    return str(error.value.reason)


def test_a_client_is_served_under_the_name_that_it_proves(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = start_server(tls=context)
    with capture_logs() as logs:
        peer = server.greeted(trusting)
        assert peer.is_answered()
    record = server.record(1)
    assert (record.client, record.tls, record.thread) == ("client-1", "proven", "Thread-1")
    names = [(line["event"], line.get("client")) for line in logs if line.get("peer") == peer.name]
    assert names[:3] == [("connected", None), ("shook hands", "client-1"), ("new connection", None)]


def test_a_client_that_proves_no_name_is_encrypted_if_none_is_required(
    start_server: StartServer, ca: Authority
) -> None:
    server = start_server(tls=Certificates(*ca.issue("localhost"), None).context)
    peer = server.greeted(ca.trusting())
    assert (server.record(1).client, server.record(1).tls) == (peer.name, "encrypted")


def test_a_silent_client_waits_in_its_own_thread_and_harms_nobody(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = start_server(tls=context, patience=Patience(handshake=0.3))
    silent = server.connect()
    wait_until(lambda: server.record(1).tls == "handshake")
    assert (server.record(1).state, server.record(1).thread) == ("waiting", "Thread-1")
    assert server.greeted(trusting).is_answered()
    wait_until(partial(refused, server, "handshake"))
    assert silent.rest() == b"\x15\x03\x03\x00\x02\x02\x50"  # an unencrypted alert
    assert [one.number for one in server.registry.snapshot().sessions] == [2]


def test_strangers_are_refused_and_counted_by_reason(
    start_server: StartServer, ca: Authority, context: ssl.SSLContext
) -> None:
    server = start_server(tls=context)
    with authority() as other:
        shown: dict[Refusal, tuple[Pair | None, str]] = {
            "no-certificate": (None, "CERTIFICATE_REQUIRED"),
            "untrusted": (other.issue("client-1"), "UNKNOWN_CA"),
            "expired": (ca.issue("client-1", expired=True), "CERTIFICATE_EXPIRED"),
        }
        for reason, (pair, told) in shown.items():
            with pytest.raises(ssl.SSLError, match=told):
                server.connect(ca.trusting(pair)).line()
            wait_until(partial(refused, server, reason))
    plain = server.connect()
    plain.send(b"Hey Server!!!\n")
    plain.rest()
    wait_until(partial(refused, server, "handshake"))
    snapshot = server.registry.snapshot()
    assert (snapshot.accepted, snapshot.sessions, sum(snapshot.refused.values())) == (0, (), 4)


def test_one_client_too_many_gets_an_alert_before_any_handshake(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = start_server(tls=context, max_clients=1)
    server.greeted(trusting)
    assert alert(server.connect(), trusting) == "TLSV1_ALERT_INTERNAL_ERROR"
    assert server.registry.snapshot().refused["busy"] == 1


def test_a_fault_as_tls_begins_costs_that_client_alone_and_is_counted(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, trusting: ssl.SSLContext
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)

    def fail(*_: object, **__: object) -> NoReturn:
        raise MemoryError

    monkeypatch.setattr(context, "wrap_bio", fail)
    server = start_server(tls=context, max_clients=1)
    for number in (1, 2):
        assert alert(server.connect(), trusting) == "TLSV1_ALERT_INTERNAL_ERROR"
        wait_until(lambda: server.registry.snapshot().refused["handshake"] == number)  # noqa: B023
    assert (server.registry.snapshot().accepted, server.registry.snapshot().open) == (0, 0)


def test_no_tls_is_set_up_for_clients_that_wait_or_are_refused(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, context: ssl.SSLContext
) -> None:
    made: list[threading.Thread] = []
    wrap = context.wrap_bio

    def noted(*args: Any, **options: Any) -> ssl.SSLObject:  # noqa: ANN401 - passed on as they are
        made.append(threading.current_thread())
        return wrap(*args, **options)

    monkeypatch.setattr(context, "wrap_bio", noted)
    server = start_server(tls=context, max_clients=2, model=Pool(1))
    server.connect()
    wait_until(lambda: server.record(1).tls == "handshake")
    server.connect()
    server.record(2)
    server.connect().rest()
    assert [thread.name for thread in made] == [server.record(1).thread]


def test_a_drain_says_farewell_to_served_clients(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = start_server(tls=context)
    peer = server.greeted(trusting)
    assert peer.is_answered()
    server.begin_stop()
    assert peer.rest().startswith(b"-ERR closing: ")  # not an alert, which would raise
    server.wait()
    assert server.record(1).end == "closing"


def test_a_drain_does_not_wait_for_handshakes(
    start_server: StartServer, context: ssl.SSLContext
) -> None:
    server = start_server(tls=context, grace=SECONDS, patience=Patience(handshake=SECONDS))
    silent = server.connect()
    wait_until(lambda: server.record(1).tls == "handshake")
    server.begin_stop()
    silent.rest()
    silent.close()
    wait_until(partial(refused, server, "closing"), SECONDS / 2)


def test_a_drain_sends_an_alert_to_clients_in_a_pools_queue(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = start_server(tls=context, model=Pool(1))
    served = server.greeted(trusting)
    waits = server.connect()
    server.record(2)
    server.begin_stop()
    assert alert(waits, trusting) == "TLSV1_ALERT_INTERNAL_ERROR"
    assert served.rest().startswith(b"-ERR closing: ")


def test_a_client_that_half_closes_gets_all_replies_and_a_goodbye(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server, client = start_server(tls=context), MemoryClient(trusting)
    peer = server.connect()
    client.meet_over(peer.socket)
    peer.send(client.say(b"Hey\n" * 1000) + client.goodbye())
    assert client.hear(peer.rest()).count(b"+OK ") == 1 + 1000
    assert client.ended
    assert server.ended(1).end == "bye"


def test_a_client_that_ignores_its_new_keys_is_unread_and_not_idle(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    server = start_server(tls=context, patience=Patience(idle=SECONDS, send=0.1))
    client, keys = MemoryClient(trusting), logging_keys(trusting, tmp_path)
    host, _, port = server.address.rpartition(":")
    with deaf((host, int(port))) as peer:
        client.meet_over(peer)
        updates = KeyUpdates(keys)
        with pytest.raises(ConnectionError):
            deque(map(peer.sendall, iter(updates.update, b"")), 0)
    assert server.ended(1).end == "unread"


LAST: dict[End, tuple[bytes, bytes]] = {  # the last thing said, and how the answer begins
    "idle": (b"", b"-ERR idle: "),
    "slow": (b"x", b"-ERR slow: "),
    "too-long": (b"x" * 9000, b"-ERR too-long: "),
    "unfinished": (b"x", b""),
    "bye": (b"Hey\n", b"+OK "),
}


@pytest.mark.parametrize("end", LAST)
def test_however_a_conversation_ends_a_goodbye_follows(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext, end: End
) -> None:
    server = start_server(tls=context, patience=Patience(idle=0.2, line=0.2))
    said, answer = LAST[end]
    peer, client = server.connect(), MemoryClient(trusting)
    client.meet_over(peer.socket)
    leaves = end in ("bye", "unfinished")
    peer.send(client.say(said) + (client.goodbye() if leaves else b""))
    *_, last = client.hear(peer.rest()).splitlines()
    assert last.startswith(answer)
    assert client.ended
    assert server.ended(1).end == end


def test_a_client_that_leaves_without_a_goodbye_is_lost(
    start_server: StartServer, context: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    server = start_server(tls=context)
    peer = server.greeted(trusting)
    peer.is_answered()
    peer.close()
    assert server.ended(1).end == "lost"
