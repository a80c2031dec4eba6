"""Bind, accept, submit, stop. The server runs in this process, its clients are real."""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest

from server.connection import RESET_ON_CLOSE, Connection
from server.models import Model, OneLock, Pool, Session, ThreadPerClient
from server.port import BUFFER, GONE_SECONDS
from server.protocol import ANSWER, MAX_LINE, Lines, Message
from server.session import AT_ONCE, AT_ONCE_IN_A_DRAIN, Patience
from server.session import Session as Conversation
from tests.kit.running_server import RunningServer
from tests.kit.waiting import wait_until

StartServer = Callable[..., RunningServer]

BUSY, CLOSING = Lines.error("busy"), Lines.error("closing")


class Batches(NamedTuple):
    """How many messages were answered at once, each time; whether the first are in hand."""

    sizes: list[int]
    begun: threading.Event


def test_three_clients_are_served_at_once_by_three_threads(start_server: StartServer) -> None:
    server = start_server()
    peers = [server.connect() for _ in range(3)]
    assert sorted(peer.line() for peer in peers) == [
        f"+OK Thread-{number}: ready\r\n" for number in (1, 2, 3)
    ]
    snapshot = server.registry.snapshot()
    assert snapshot.serving == 3
    assert len({session.native_id for session in snapshot.sessions}) == 3


def test_one_more_than_the_places_is_told_busy_and_takes_no_number(
    start_server: StartServer,
) -> None:
    server = start_server(max_clients=1)
    first = server.greeted()
    assert server.connect().rest() == BUSY
    assert server.registry.snapshot().refused["busy"] == 1
    first.close()
    server.ended(1)
    assert server.connect().line() == "+OK Thread-2: ready\r\n"


def test_a_client_that_waits_for_the_lock_takes_a_place(start_server: StartServer) -> None:
    server = start_server(model=OneLock(), max_clients=2)
    server.greeted()
    server.connect()
    assert server.connect().rest() == BUSY


@pytest.mark.parametrize("build", [ThreadPerClient, lambda: Pool(2), OneLock])
def test_when_no_thread_can_be_started_the_client_is_told_busy(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, build: Callable[[], Model]
) -> None:
    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    server = start_server(model=build())
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", fail)
        assert server.connect().rest() == BUSY
    assert server.connect().line().endswith("-1: ready\r\n")
    assert [session.number for session in server.registry.snapshot().sessions] == [1]


def test_a_session_that_a_worker_took_up_all_the_same_is_served(
    start_server: StartServer,
) -> None:
    class Late(ThreadPerClient):
        """As a pool that queues a session, has it taken, and only then finds no new thread."""

        def submit(self, session: Session) -> None:
            super().submit(session)
            wait_until(lambda: server.record(session.number).state == "serving")
            raise RuntimeError("can't start new thread")

    server = start_server(model=Late())
    peer = server.greeted()
    assert peer.say("Hey") == f"+OK Thread-1: {ANSWER}\r\n"
    assert server.greeted().say("Hey") == f"+OK Thread-2: {ANSWER}\r\n"


@pytest.fixture
def accepted(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int, int], int]:
    """`getsockopt` of an accepted socket."""
    sockets: list[socket.socket] = []

    def note(connection: socket.socket) -> Connection:
        sockets.append(connection)
        return Connection(connection)

    monkeypatch.setattr("server.listener.Connection", note)
    start_server().greeted()
    return sockets[0].getsockopt


def test_accepted_sockets_send_at_once_and_bound_what_the_kernel_holds(
    accepted: Callable[[int, int], int],
) -> None:
    assert accepted(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
    for held in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        # The kernel doubles it, for its own needs: socket(7).
        assert accepted(socket.SOL_SOCKET, held) == 2 * BUFFER


def test_accepted_sockets_find_out_within_a_minute_that_the_client_is_gone_without_a_word(
    accepted: Callable[[int, int], int],
) -> None:
    assert accepted(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    idle, interval, probes = (
        accepted(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + interval * probes == GONE_SECONDS == 60
    assert accepted(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


def test_out_of_descriptors_it_tries_about_ten_times_a_second_and_recovers(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[float] = []
    accept = socket.socket.accept

    def fail(listening: socket.socket) -> tuple[socket.socket, object]:
        attempts.append(time.monotonic())
        if len(attempts) <= 3:
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(listening)

    server = start_server()
    monkeypatch.setattr(socket.socket, "accept", fail)
    assert server.connect().line() == "+OK Thread-1: ready\r\n"
    pauses = [later - sooner for sooner, later in pairwise(attempts[:4])]
    assert len(pauses) == 3
    assert min(pauses) >= 0.09


def test_a_stop_interrupts_the_pause(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = threading.Event()

    def fail(_listening: socket.socket) -> tuple[socket.socket, object]:
        failing.set()
        raise OSError(errno.EMFILE, "Too many open files")

    server = start_server()
    monkeypatch.setattr(socket.socket, "accept", fail)
    monkeypatch.setattr("server.listener.PAUSE", 60_000)
    server.connect()
    assert failing.wait(10)
    server.stop()


def test_a_connection_that_has_gone_before_it_is_accepted_is_passed_over(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = socket.socket.accept
    gone = iter([BlockingIOError()])

    def once(listening: socket.socket) -> tuple[socket.socket, object]:
        for error in gone:
            raise error
        return accept(listening)

    server = start_server()
    monkeypatch.setattr(socket.socket, "accept", once)
    server.greeted()


def test_a_drain_tells_an_idle_client_that_it_closes(start_server: StartServer) -> None:
    server = start_server()
    peer = server.greeted()
    server.begin_stop()
    assert peer.rest() == CLOSING
    server.wait()
    assert server.record(1).end == "closing"


def test_a_drain_answers_what_had_arrived(start_server: StartServer) -> None:
    server = start_server(model=OneLock())
    peer = server.greeted()
    peer.send(b"one\ntwo\nthr")
    server.begin_stop()
    assert peer.rest() == 2 * f"+OK Thread-1: {ANSWER}\r\n".encode() + CLOSING


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Batches:
    """The first of them are answered once a drain has begun."""
    batches = Batches([], threading.Event())
    drains, reply, stop = threading.Event(), Lines.reply, Conversation.stop

    def hold(dialect: Lines, messages: list[Message]) -> bytes:
        batches.sizes.append(len(messages))
        batches.begun.set()
        assert drains.wait(10)
        return reply(dialect, messages)

    def stop_and_go_on(session: Conversation, seconds: float) -> None:
        stop(session, seconds)
        drains.set()

    monkeypatch.setattr(Lines, "reply", hold)
    monkeypatch.setattr(Conversation, "stop", stop_and_go_on)
    return batches


@pytest.fixture
def slow_reader() -> Iterator[socket.socket]:
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.settimeout(10)
        yield peer


def connect(server: RunningServer, peer: socket.socket) -> None:
    host, port = server.address.split(":")
    peer.connect((host, int(port)))


def ask_much(server: RunningServer, peer: socket.socket) -> None:
    """Far more than the peer has room for the replies to; the kernel keeps them for it."""
    connect(server, peer)
    peer.sendall(b"Hey\n" * 700)
    wait_until(lambda: server.record(1).messages == 700)


def read_until_closed(peer: socket.socket) -> bytes:
    said = b""
    with contextlib.suppress(ConnectionResetError):  # once all has been read
        while chunk := peer.recv(4096):
            said += chunk
    return said


def test_a_drain_leaves_a_slow_reader_every_reply_though_it_says_more(
    start_server: StartServer, slow_reader: socket.socket
) -> None:
    server = start_server(grace=10)
    ask_much(server, slow_reader)
    server.begin_stop()
    wait_until(server.is_draining)
    slow_reader.sendall(b"perhaps too late\n")
    said = read_until_closed(slow_reader)
    assert said.count(b"+OK Thread-1: Today") == server.ended(1).messages >= 700


def test_a_drain_leaves_who_is_shown_out_meanwhile_every_reply_though_it_says_more(
    start_server: StartServer, slow_reader: socket.socket, batches: Batches
) -> None:
    server = start_server(grace=10)
    connect(server, slow_reader)
    slow_reader.sendall(b"Hey\n" * 700 + bytes(MAX_LINE + 1))
    assert batches.begun.wait(10)
    server.begin_stop()
    wait_until(lambda: server.record(1).messages == 701)
    slow_reader.sendall(b"perhaps too late\n")
    said = read_until_closed(slow_reader)
    assert said.count(b"+OK Thread-1: Today") == 700
    assert said.endswith(Lines.error("too-long"))
    assert server.ended(1).end == "too-long"


def test_a_drain_leaves_who_was_shown_out_before_every_reply_though_it_says_more(
    start_server: StartServer, slow_reader: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.session.LINGER_SECONDS", 60.0)
    told, end_output = threading.Event(), Connection.end_output

    def tell(connection: Connection, last_words: bytes, seconds: float) -> int:
        sent = end_output(connection, last_words, seconds)
        told.set()
        return sent

    monkeypatch.setattr(Connection, "end_output", tell)
    server = start_server(grace=10)
    connect(server, slow_reader)
    slow_reader.sendall(b"Hey\n" * 700 + bytes(MAX_LINE + 1))
    assert told.wait(10)
    server.begin_stop()
    wait_until(server.is_draining)
    slow_reader.sendall(b"too late\n")
    said = read_until_closed(slow_reader)
    slow_reader.close()
    assert said.count(b"+OK Thread-1: Today") == 700
    assert said.endswith(Lines.error("too-long"))


def test_a_drain_does_not_wait_for_who_is_gone(
    start_server: StartServer, slow_reader: socket.socket
) -> None:
    server = start_server(grace=60, patience=Patience(send=60))
    ask_much(server, slow_reader)
    server.begin_stop()
    wait_until(server.is_draining)
    slow_reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    slow_reader.close()
    assert server.ended(1).end == "lost"


def test_a_drain_waits_for_a_reader_no_longer_than_its_grace(
    start_server: StartServer, slow_reader: socket.socket
) -> None:
    server = start_server(grace=0.2)
    ask_much(server, slow_reader)
    began = time.monotonic()
    server.stop()
    assert 0.2 <= time.monotonic() - began < 0.2 + 1
    assert server.record(1).end == "aborted"


@pytest.mark.parametrize("build", [lambda: Pool(1), OneLock])
def test_a_drain_tells_those_that_wait_without_serving_them(
    start_server: StartServer, build: Callable[[], OneLock | Pool]
) -> None:
    server = start_server(model=build())
    server.greeted()
    waiting = [server.connect() for _ in range(3)]
    wait_until(lambda: server.registry.snapshot().accepted == 4)
    server.begin_stop()
    assert [peer.rest() for peer in waiting] == [CLOSING] * 3
    server.wait()
    sessions = server.registry.snapshot().sessions
    assert [(s.end, s.served_at is None) for s in sessions[1:]] == [("closing", True)] * 3


def test_a_drain_refuses_what_still_queues_in_the_backlog(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes while the listener is busy, and connections queue behind it."""
    server = start_server()
    held, free = threading.Event(), threading.Event()
    submit = ThreadPerClient.submit

    def hold(model: ThreadPerClient, session: Session) -> None:
        held.set()
        assert free.wait(10)
        submit(model, session)

    monkeypatch.setattr(ThreadPerClient, "submit", hold)
    server.connect()
    assert held.wait(10)
    queueing = [server.connect() for _ in range(3)]
    server.begin_stop()
    free.set()
    assert [peer.rest() for peer in queueing] == [CLOSING] * 3
    server.wait()
    assert server.registry.snapshot().refused["closing"] == 3


def test_what_a_drain_has_no_time_for_is_not_looked_at_and_all_the_rest_is_answered(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, batches: Batches
) -> None:
    monkeypatch.setattr("server.listener.ANSWERING", 0.0)
    server = start_server()
    peer = server.greeted()
    peer.send(b"Hey\n" * 2000)
    assert batches.begun.wait(10)
    server.begin_stop()
    *replies, last = iter(peer.line, "")
    server.wait()
    assert last.encode() == CLOSING
    assert len(replies) == server.record(1).messages == AT_ONCE
    assert server.record(1).end == "closing"


def test_a_drain_answers_a_few_at_a_time_and_so_ends_in_time(
    start_server: StartServer, batches: Batches
) -> None:
    server = start_server()
    peer = server.greeted()
    peer.send(b"Hey\n" * 1000)
    assert batches.begun.wait(10)
    server.begin_stop()
    assert peer.rest().count(b"+OK") == 1000
    assert batches.sizes[0] == AT_ONCE
    assert set(batches.sizes[1:-1]) == {AT_ONCE_IN_A_DRAIN}


def test_a_drain_resets_who_does_not_read_after_its_grace(
    start_server: StartServer, slow_reader: socket.socket
) -> None:
    server = start_server(grace=0.1, patience=Patience(send=60))
    ask_much(server, slow_reader)  # so that it never has all that was sent, come what may
    slow_reader.setblocking(False)
    sent = -1

    def stuck() -> bool:  # the server has stopped taking: it waits for us to read
        nonlocal sent
        before, sent = sent, server.record(1).bytes_in
        try:
            while True:
                slow_reader.send(b"\n" * 65536)
        except BlockingIOError:
            return sent == before

    wait_until(stuck)
    began = time.monotonic()
    server.begin_stop()
    server.wait()
    assert time.monotonic() - began < 0.1 + 1
    assert server.record(1).end == "aborted"


def test_nobody_can_connect_any_more_after_a_drain(start_server: StartServer) -> None:
    server = start_server()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        server.connect()


def test_a_drain_leaves_no_thread_behind(start_server: StartServer) -> None:
    before = set(threading.enumerate())  # of which one of an earlier server may still be ending
    server = start_server()
    for _ in range(3):
        server.greeted()
    server.stop()
    wait_until(lambda: set(threading.enumerate()) <= before)


def test_it_listens_on_ipv6_too(start_server: StartServer) -> None:
    server = start_server(host="::1")
    assert server.address.startswith("[::1]:")
    peer = server.greeted()
    assert server.record(1).peer == peer.name


def test_a_port_that_is_taken_is_an_error_on_creation(start_server: StartServer) -> None:
    taken = start_server().address
    with pytest.raises(OSError, match="Address already in use"):
        socket.create_server(("127.0.0.1", int(taken.rsplit(":", 1)[1])))
