"""One TCP connection, from the greeting to the close. The other end of the pair is the server."""

import signal
import socket
from collections.abc import Iterator

import pytest

from client.connection import Connection, Hopeless, Lost, Refused
from client.dialect import DIALECTS, LINE_LIMIT, Reply
from client.stop import Stopped, StopSignal
from tests.kit.fake_server import GREET, ONE, TWO
from tests.kit.waiting import SECONDS

Pair = tuple[Connection, socket.socket]


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


def test_the_wait_for_the_greeting_ends_with_a_signal(pair: Pair, stop: StopSignal) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        pair[0].await_greeting(stop, SECONDS)


def test_the_wait_for_the_greeting_has_a_limit(pair: Pair, stop: StopSignal) -> None:
    pair[1].sendall(GREET[:-1])
    with pytest.raises(Hopeless, match=r"here:2022 took the connection, but no thread greeted"):
        pair[0].await_greeting(stop, 0.01)


@pytest.mark.parametrize(
    ("greeting", "quoted"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "'SSH-2.0-OpenSSH_9.2'"),
        # It must not fill the memory.
        (b"x" * (LINE_LIMIT + 1), f"a line of over 65536 bytes, '{'x' * 80}'"),
    ],
    ids=["another service", "a line without end"],
)
def test_a_greeting_of_another_kind_is_quoted_and_final(
    pair: Pair, stop: StopSignal, greeting: bytes, quoted: str
) -> None:
    pair[1].sendall(greeting)
    with pytest.raises(Hopeless) as error:
        pair[0].await_greeting(stop, SECONDS)
    assert str(error.value) == (
        f"here:2022 is not a Thread Lanes server: it greeted with {quoted}; is the port right?"
    )


def test_any_complaint_instead_of_a_greeting_loses_the_connection(
    pair: Pair, stop: StopSignal
) -> None:
    pair[1].sendall(b"-ERR whatever: not now\r\n")
    with pytest.raises(Lost, match="the server says whatever: not now"):
        pair[0].await_greeting(stop, SECONDS)


def test_a_reply_is_what_the_thread_that_greeted_says(greeted: Pair) -> None:
    connection, server = greeted
    server.sendall(ONE)
    assert connection.ask("Hey", SECONDS) == Reply("T-1", "one")
    assert connection.thread == "T-1"
    assert server.recv(100) == b"Hey\r\n"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"+OK T-2: one\r\n", "T-1 greeted us, but T-2 replied"),
        (b"Hey yourself\n", "the server answered with 'Hey yourself', which is no reply"),
    ],
)
def test_a_wrong_reply_is_a_violation(greeted: Pair, answer: bytes, why: str) -> None:
    greeted[1].sendall(answer)
    with pytest.raises(Hopeless, match=why):
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


@pytest.mark.parametrize("message", ["Hey", "x" * 10_000_000], ids=["reply", "read"])
def test_a_server_that_does_not_reply_or_read_in_time_loses_the_connection(
    greeted: Pair, message: str
) -> None:
    greeted[1].sendall(ONE[:-1])
    with pytest.raises(Lost, match=r"no reply within 0.01 s"):
        greeted[0].ask(message, 0.01)


def test_why_the_server_left_is_read_even_if_it_no_longer_listens(greeted: Pair) -> None:
    connection, server = greeted
    server.sendall(b"-ERR too-long: why\r\n")
    server.close()
    with pytest.raises(Refused, match="too-long: why"):
        connection.ask("x", SECONDS)


@pytest.mark.parametrize(
    ("unasked", "why"),
    [
        (TWO, "the server answered unasked: 'two'"),
        (b"psst\r\n", "the server sent, unasked, 'psst'"),
    ],
)
def test_an_answer_that_nobody_asked_for_is_a_violation(
    greeted: Pair, unasked: bytes, why: str
) -> None:
    greeted[1].sendall(ONE + unasked)
    assert greeted[0].ask("Hey", SECONDS) == Reply("T-1", "one")
    with pytest.raises(Hopeless, match=why):
        greeted[0].check_silence()


def test_silence_between_messages_is_as_it_should_be_and_a_goodbye_loses_the_connection(
    greeted: Pair,
) -> None:
    connection, server = greeted
    connection.check_silence()
    server.sendall(b"-ERR")  # not yet anything
    connection.check_silence()
    server.sendall(b" idle: why\r\n")
    with pytest.raises(Lost, match="the server says idle: why"):
        connection.check_silence()
    server.close()
    with pytest.raises(Lost, match="the server closed the connection"):
        connection.check_silence()


@pytest.mark.parametrize("pair", ["handout"], indirect=True)
def test_in_the_handouts_dialect_a_chunk_is_a_reply_and_nothing_is_unasked(pair: Pair) -> None:
    connection, server = pair
    server.sendall(b"Today")
    connection.check_silence()
    assert connection.ask("Hey", SECONDS) == Reply(None, "Today")
    assert server.recv(100) == b"Hey"
