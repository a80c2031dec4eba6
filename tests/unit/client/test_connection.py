"""One TCP connection, from the greeting to the close. The other end of the pair is the server."""

import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from client.connection import Connection, Hopeless, Lost, Refused
from client.dialect import DIALECTS, LINE_LIMIT, Reply
from client.stop import Stopped, StopSignal

SECONDS = 10.0
GREET = b"+OK T-1: ready\r\n"
Pair = tuple[Connection, socket.socket]


@pytest.fixture
def stop() -> Iterator[StopSignal]:
    with StopSignal() as stop:
        yield stop


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, DIALECTS[getattr(request, "param", "lines")](), "here:2022")
    with theirs:
        yield connection, theirs
    connection.close()


@pytest.fixture
def greeted(pair: Pair, stop: StopSignal) -> Pair:
    connection, server = pair
    server.sendall(GREET)
    connection.await_greeting(stop, SECONDS)
    return pair


def test_the_greeting_names_the_thread(greeted: Pair) -> None:
    assert greeted[0].thread == "T-1"


def test_the_wait_for_the_greeting_ends_with_a_signal(pair: Pair, stop: StopSignal) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        pair[0].await_greeting(stop, SECONDS)


def test_the_wait_for_the_greeting_has_a_limit(pair: Pair, stop: StopSignal) -> None:
    pair[1].sendall(GREET[:-1])
    with pytest.raises(Hopeless, match=r"here:2022 took the connection, but no thread greeted"):
        pair[0].await_greeting(stop, 0.01)


def test_another_service_is_told_by_its_greeting(pair: Pair, stop: StopSignal) -> None:
    pair[1].sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(Hopeless) as error:
        pair[0].await_greeting(stop, SECONDS)
    assert str(error.value) == (
        "here:2022 is not a Thread Lanes server: it greeted with 'SSH-2.0-OpenSSH_9.2'; "
        "is the port right?"
    )


def test_a_greeting_without_end_does_not_fill_the_memory(pair: Pair, stop: StopSignal) -> None:
    connection, server = pair
    thread = threading.Thread(target=server.sendall, args=(b"x" * 2 * LINE_LIMIT,))
    thread.start()
    with pytest.raises(Hopeless, match="it greeted with a line of over 65536 bytes, 'xxx"):
        connection.await_greeting(stop, SECONDS)
    server.shutdown(socket.SHUT_WR)
    connection.close()
    thread.join()


@pytest.mark.parametrize("code", ["busy", "closing", "whatever"])
def test_a_complaint_instead_of_a_greeting_loses_the_connection(
    pair: Pair, stop: StopSignal, code: str
) -> None:
    pair[1].sendall(f"-ERR {code}: not now\r\n".encode())
    with pytest.raises(Lost, match=f"the server says {code}: not now"):
        pair[0].await_greeting(stop, SECONDS)


def test_a_reply_is_what_the_greeting_thread_says(greeted: Pair) -> None:
    connection, server = greeted
    server.sendall(b"+OK T-1: one\r\n")
    assert connection.ask("Hey", SECONDS) == Reply("T-1", "one")
    assert server.recv(100) == b"Hey\r\n"


def test_a_reply_of_another_thread_is_a_violation(greeted: Pair) -> None:
    greeted[1].sendall(b"+OK T-2: one\r\n")
    with pytest.raises(Hopeless, match="T-1 greeted us, but T-2 replied"):
        greeted[0].ask("Hey", SECONDS)


def test_what_is_no_reply_is_a_violation(greeted: Pair) -> None:
    greeted[1].sendall(b"Hey yourself\n")
    with pytest.raises(Hopeless, match="answered with 'Hey yourself', which is no reply"):
        greeted[0].ask("Hey", SECONDS)


@pytest.mark.parametrize("code", ["busy", "closing", "idle", "slow"])
def test_some_complaints_are_about_the_connection(greeted: Pair, code: str) -> None:
    greeted[1].sendall(f"-ERR {code}: why\r\n".encode())
    with pytest.raises(Lost, match=f"the server says {code}: why"):
        greeted[0].ask("Hey", SECONDS)


@pytest.mark.parametrize(
    ("code", "goes_on"), [("utf8", True), ("too-long", False), ("a-new-one", False)]
)
def test_all_others_are_about_the_message(greeted: Pair, code: str, *, goes_on: bool) -> None:
    greeted[1].sendall(f"-ERR {code}: why\r\n".encode())
    with pytest.raises(Refused, match=f"{code}: why") as refusal:
        greeted[0].ask("Hey", SECONDS)
    assert refusal.value.connection_goes_on is goes_on


def test_a_message_that_cannot_be_sent_is_refused_without_the_server(greeted: Pair) -> None:
    with pytest.raises(Refused, match="unsendable: a message is one line") as refusal:
        greeted[0].ask("one\ntwo", SECONDS)
    assert refusal.value.connection_goes_on


@pytest.mark.parametrize("cut", range(len(b"+OK T-1: one\r\n")))
def test_a_reply_without_its_line_end_is_no_reply(greeted: Pair, cut: int) -> None:
    greeted[1].sendall(b"+OK T-1: one\r\n"[:cut])
    greeted[1].shutdown(socket.SHUT_WR)
    with pytest.raises(Lost, match="the server closed the connection"):
        greeted[0].ask("Hey", SECONDS)


def test_a_reply_that_takes_too_long_loses_the_connection(greeted: Pair) -> None:
    greeted[1].sendall(b"+OK T-1: on")
    with pytest.raises(Lost, match=r"no reply within 0.01 s"):
        greeted[0].ask("Hey", 0.01)


def test_a_server_that_does_not_read_loses_the_connection(greeted: Pair) -> None:
    with pytest.raises(Lost, match=r"no reply within 0.05 s"):
        greeted[0].ask("x" * 10_000_000, 0.05)


def test_no_signal_interrupts_the_wait_for_a_reply(greeted: Pair, stop: StopSignal) -> None:
    connection, server = greeted
    signal.raise_signal(signal.SIGTERM)
    assert stop.is_set()
    server.sendall(b"+OK T-1: one\r\n")
    assert connection.ask("Hey", SECONDS) == Reply("T-1", "one")


def test_why_the_server_left_is_read_even_if_it_no_longer_listens(greeted: Pair) -> None:
    connection, server = greeted
    server.sendall(b"-ERR too-long: why\r\n")
    server.close()
    with pytest.raises(Refused, match="too-long: why"):
        connection.ask("x", SECONDS)


def test_silence_between_messages_is_as_it_should_be(greeted: Pair) -> None:
    greeted[0].check_silence()
    greeted[1].sendall(b"+OK")  # not yet anything
    greeted[0].check_silence()


def test_a_reply_nobody_asked_for_is_a_violation(greeted: Pair) -> None:
    greeted[1].sendall(b"+OK T-1: one\r\n+OK T-1: two\r\n")
    assert greeted[0].ask("Hey", SECONDS) == Reply("T-1", "one")
    with pytest.raises(Hopeless, match="the server answered unasked: 'two'"):
        greeted[0].check_silence()


def test_a_line_nobody_asked_for_that_is_no_reply_is_a_violation(greeted: Pair) -> None:
    greeted[1].sendall(b"psst\r\n")
    with pytest.raises(Hopeless, match="the server sent, unasked, 'psst'"):
        greeted[0].check_silence()


def test_a_goodbye_between_messages_loses_the_connection(greeted: Pair) -> None:
    greeted[1].sendall(b"-ERR idle: why\r\n")
    with pytest.raises(Lost, match="the server says idle: why"):
        greeted[0].check_silence()
    greeted[1].close()
    with pytest.raises(Lost, match="the server closed the connection"):
        greeted[0].check_silence()


@pytest.mark.parametrize("pair", ["handout"], indirect=True)
def test_in_the_handouts_dialect_a_chunk_is_a_reply_and_nothing_is_unasked(pair: Pair) -> None:
    connection, server = pair
    server.sendall(b"Today")
    connection.check_silence()
    assert connection.ask("Hey", SECONDS) == Reply(None, "Today")
    assert server.recv(100) == b"Hey"
