"""One TCP connection, from the greeting to the close. The other end of the pair is the server."""

import socket
from collections.abc import Iterator

import pytest

from client.connection import Connection, Hopeless, Lost, Refused
from client.protocol import DIALECTS, Reply
from client.signals import StopSignal
from tests.kit.fake_server import GREET, ONE
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


def test_the_wait_for_the_greeting_has_a_limit(pair: Pair, stop: StopSignal) -> None:
    pair[1].sendall(GREET[:-1])
    with pytest.raises(Hopeless, match=r"here:2022 accepted the connection, but no thread sent"):
        pair[0].await_greeting(stop, 0.01)


def test_a_complaint_instead_of_a_greeting_loses_the_connection(
    pair: Pair, stop: StopSignal
) -> None:
    pair[1].sendall(b"-ERR whatever: not now\r\n")
    with pytest.raises(Lost, match="the server says whatever: not now"):
        pair[0].await_greeting(stop, SECONDS)


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


@pytest.mark.parametrize("code", ["utf8", "too-long", "a-new-one"])
def test_a_last_complaint_is_read_after_the_server_has_left(greeted: Pair, code: str) -> None:
    connection, server = greeted
    server.sendall(f"-ERR {code}: why\r\n".encode())
    server.close()
    with pytest.raises(Refused, match=f"{code}: why") as refusal:
        connection.ask("Hey", SECONDS)
    assert refusal.value.connection_goes_on is (code == "utf8")


@pytest.mark.parametrize("message", ["Hey", "x" * 10_000_000], ids=["reply", "read"])
def test_a_server_that_is_too_slow_loses_the_connection(greeted: Pair, message: str) -> None:
    greeted[1].sendall(ONE[:-1])
    with pytest.raises(Lost, match=r"no reply within 0.01 s"):
        greeted[0].ask(message, 0.01)


def test_unasked_bytes_that_are_not_an_answer_are_a_violation(greeted: Pair) -> None:
    greeted[1].sendall(ONE + b"psst\r\n")
    assert greeted[0].ask("Hey", SECONDS) == Reply("T-1", "one")
    with pytest.raises(Hopeless, match="the server sent unsolicited data: 'psst'"):
        greeted[0].check_silence()


def test_between_messages_silence_is_fine_and_last_words_end_the_connection(greeted: Pair) -> None:
    connection, server = greeted
    connection.check_silence()
    server.sendall(b"-ERR")  # not yet a line
    connection.check_silence()
    server.sendall(b" idle: why\r\n")
    with pytest.raises(Lost, match="the server says idle: why"):
        connection.check_silence()
    server.close()
    with pytest.raises(Lost, match="the server closed the connection"):
        connection.check_silence()


@pytest.mark.parametrize("pair", ["handout"], indirect=True)
def test_in_handout_a_chunk_is_a_reply_and_nothing_is_unasked(pair: Pair) -> None:
    connection, server = pair
    server.sendall(b"Today")
    connection.check_silence()
    assert connection.ask("Hey", SECONDS) == Reply(None, "Today")
    assert server.recv(100) == b"Hey"
