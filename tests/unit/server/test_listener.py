"""Bind, accept, submit, stop. The server runs in this process; its clients are real."""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterable
from itertools import repeat
from unittest.mock import Mock

import pytest
from structlog.testing import capture_logs

from server.chat.connection import Connection
from server.chat.models import Cached, Model, OneLock, Pool, Session, ThreadPerClient
from server.chat.protocol import ANSWER, MAX_LINE, Lines, Message
from server.chat.session import AT_ONCE, AT_ONCE_IN_A_DRAIN, Patience
from server.chat.session import Session as Conversation
from tests.kit.peer import Peer, deaf
from tests.kit.running_server import RunningServer, StartServer
from tests.kit.waiting import SECONDS, wait_until

BUSY, CLOSING = Lines.error("busy"), Lines.error("closing")
NO_DESCRIPTOR = OSError(errno.EMFILE, "Too many open files")


def test_three_clients_are_served_at_once_by_three_threads(server: RunningServer) -> None:
    peers = [server.connect() for _ in range(3)]
    assert sorted(one.line() for one in peers) == [f"+OK Thread-{n}: ready\r\n" for n in (1, 2, 3)]
    snapshot = server.registry.snapshot()
    assert snapshot.serving == 3
    assert len({session.native_id for session in snapshot.sessions}) == 3


@pytest.mark.parametrize("host", ["127.0.0.2", "::1"])
def test_it_listens_on_the_given_address(start_server: StartServer, host: str) -> None:
    """Use an address other than 127.0.0.1, as a client in another container does."""
    server = start_server(host=host)
    assert server.address.rpartition(":")[0].strip("[]") == host
    peer = server.greeted()
    assert server.record(1).peer == peer.name


def test_waiting_clients_take_places_and_one_more_gets_busy(start_server: StartServer) -> None:
    server = start_server(model=OneLock(), max_clients=2)
    first, second = server.greeted(), server.connect()
    assert server.connect().rest() == BUSY
    assert server.registry.snapshot().refused["busy"] == 1
    first.close()
    assert second.line() == "+OK Thread-2: ready\r\n"
    third = server.connect()
    second.close()
    assert third.line() == "+OK Thread-3: ready\r\n"


@pytest.mark.parametrize("build", [ThreadPerClient, Cached, lambda: Pool(2), OneLock])
def test_a_client_gets_busy_if_no_thread_can_be_started(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, build: Callable[[], Model]
) -> None:
    server = start_server(model=build())
    none = Mock(side_effect=RuntimeError("can't start new thread"))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        assert server.connect().rest() == BUSY
    assert server.connect().line().endswith("-1: ready\r\n")
    assert [session.number for session in server.registry.snapshot().sessions] == [1]


def test_a_session_already_taken_by_a_worker_is_served(start_server: StartServer) -> None:
    class Late(ThreadPerClient):
        """Like a pool where a worker takes a session before the start of a new thread fails."""

        def submit(self, session: Session) -> None:
            super().submit(session)
            wait_until(lambda: server.record(session.number).state != "waiting")
            raise RuntimeError("can't start new thread")

    server = start_server(model=Late())
    for number in (1, 2):
        assert server.greeted().say("Hey") == f"+OK Thread-{number}: {ANSWER}\r\n"


def fail_to_accept(monkeypatch: pytest.MonkeyPatch, errors: Iterable[OSError]) -> threading.Event:
    """Make `accept` raise these errors first; return an event that is set when it is called."""
    called, accept, left = threading.Event(), socket.socket.accept, iter(errors)

    def fail(listening: socket.socket) -> tuple[socket.socket, object]:
        called.set()
        for error in left:
            raise error
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", fail)
    return called


def test_a_stop_ends_the_pause_after_a_failed_accept(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.chat.listener.PAUSE", 1000 * 2 * SECONDS)
    failed = fail_to_accept(monkeypatch, repeat(NO_DESCRIPTOR))
    server.connect()
    assert failed.wait(SECONDS)
    server.stop()


def test_a_client_that_has_gone_is_skipped(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_accept(monkeypatch, [BlockingIOError()])
    server.greeted()


def say_much(server: RunningServer, last: bytes = b"") -> socket.socket:
    """Return a peer that has sent 700 messages and read no reply; the kernel buffers them."""
    host, port = server.address.split(":")
    peer = deaf((host, int(port)), b"Hey\n" * 700 + last)
    wait_until(lambda: server.record(1).messages >= 700)
    return peer


@pytest.mark.parametrize("shown_out", ["", "meanwhile", "before"])
def test_a_drain_leaves_a_slow_reader_every_reply_even_if_it_says_more(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, shown_out: str
) -> None:
    end_output, end_input, drains = Connection.end_output, Connection.end_input, threading.Event()

    def note(connection: Connection) -> None:
        end_input(connection)
        drains.set()

    def tell(connection: Connection, last_words: bytes, seconds: float) -> int:
        sent = end_output(connection, last_words, seconds) if shown_out == "before" else 0
        if shown_out:
            server.begin_stop()
        assert drains.wait(SECONDS)
        return sent or end_output(connection, last_words, seconds)

    monkeypatch.setattr("server.chat.session.LINGER_SECONDS", SECONDS)
    monkeypatch.setattr(Connection, "end_input", note)
    monkeypatch.setattr(Connection, "end_output", tell)
    server = start_server(grace=10)
    slow_reader = say_much(server, bytes(MAX_LINE + 1) if shown_out else b"")
    if not shown_out:
        server.begin_stop()
    assert drains.wait(SECONDS)
    slow_reader.sendall(b"too late\n")
    said = b""
    with contextlib.suppress(ConnectionResetError):  # a reset may follow the last byte
        while chunk := slow_reader.recv(4096):
            said += chunk
    slow_reader.close()
    record = server.ended(1)
    assert record.end == ("too-long" if shown_out else "closing")
    assert said.endswith(Lines.error(record.end))
    assert said.count(b"+OK Thread-1: Today") >= 700
    assert len(said) == record.bytes_out


@pytest.mark.parametrize("blocked", [False, True], ids=["has replies to read", "takes no reply"])
def test_a_drain_resets_a_client_that_never_reads(
    start_server: StartServer, *, blocked: bool
) -> None:
    server = start_server(grace=0.2, patience=Patience(send=SECONDS))
    slow_reader = say_much(server)
    if blocked:  # send and read no reply until the server stops reading
        slow_reader.settimeout(0.1)
        with pytest.raises(TimeoutError):
            slow_reader.sendall(b"\n" * 16_000_000)
    began = time.monotonic()
    server.stop()
    assert 0.2 <= time.monotonic() - began < SECONDS / 2
    slow_reader.close()
    assert server.record(1).end == "aborted"


@pytest.mark.parametrize("build", [lambda: Pool(1), OneLock])
def test_a_drain_dismisses_all_waiting_clients(
    start_server: StartServer, build: Callable[[], Model]
) -> None:
    server = start_server(model=build())
    server.greeted()
    waiting = [server.connect() for _ in range(3)]
    wait_until(lambda: server.registry.snapshot().accepted == 4)
    with capture_logs() as logs:
        server.begin_stop()
        for peer in waiting:
            assert peer.rest() == CLOSING
            peer.close()
        server.wait()
    assert [entry["event"] for entry in logs].count("dismissed") == 3
    sessions = server.registry.snapshot().sessions
    assert [(s.end, s.served_at is None) for s in sessions[1:]] == [("closing", True)] * 3


def test_a_drain_refuses_a_backlog(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop while the listener is busy and connections wait in the backlog."""
    held, free = threading.Event(), threading.Event()
    submit = ThreadPerClient.submit

    def hold(model: ThreadPerClient, session: Session) -> None:
        held.set()
        assert free.wait(SECONDS)
        submit(model, session)

    monkeypatch.setattr(ThreadPerClient, "submit", hold)
    server.connect()
    assert held.wait(SECONDS)
    queueing = [server.connect() for _ in range(3)]
    server.begin_stop()
    free.set()
    for peer in queueing:
        assert peer.rest() == CLOSING
        peer.close()
    server.wait()
    assert server.registry.snapshot().refused["closing"] == 3


@pytest.mark.parametrize(("share", "answered"), [(0.0, AT_ONCE), (0.8, 1000)])
def test_a_drain_answers_a_few_at_a_time_while_it_can_and_counts_only_those(
    server: RunningServer, peer: Peer, monkeypatch: pytest.MonkeyPatch, share: float, answered: int
) -> None:
    sizes: list[int] = []
    begun, drains = threading.Event(), threading.Event()
    reply, stop = Lines.reply, Conversation.stop

    def hold(dialect: Lines, messages: list[Message]) -> bytes:
        sizes.append(len(messages))
        begun.set()
        assert drains.wait(SECONDS)
        return reply(dialect, messages)

    def stop_and_go_on(session: Conversation, seconds: float) -> None:
        stop(session, seconds)
        drains.set()

    monkeypatch.setattr("server.chat.listener.ANSWERING", share)
    monkeypatch.setattr(Lines, "reply", hold)
    monkeypatch.setattr(Conversation, "stop", stop_and_go_on)
    peer.send(b"Hey\n" * 1000)
    assert begun.wait(SECONDS)
    server.begin_stop()
    *replies, last = iter(peer.line, "")
    server.wait()
    assert last.encode() == CLOSING
    assert len(replies) == sum(sizes) == server.record(1).messages == answered
    assert server.record(1).end == "closing"
    assert sizes[0] == AT_ONCE
    assert set(sizes[1:-1]) <= {AT_ONCE_IN_A_DRAIN}
