"""A client of a server that is checked: each wait has an end, each failure says what was seen."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from client.check.caller import FLOOD, MESSAGE, RESET, Caller
from client.check.failure import Failed, OutOfTime, Patience
from client.dialect import DIALECTS, Complaint
from tests.kit.waiting import SECONDS

SHORT = 0.05  # seconds: how long the caller waits for what never comes


class Pair:
    """A caller and the other end of its connection."""

    def __init__(self, protocol: str, patience: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._connection = socket.create_connection(listener.getsockname())
            self.server, _ = listener.accept()
        self.patience = Patience(patience, time.monotonic() + SECONDS)
        dialect = DIALECTS[protocol]()
        self.caller = Caller(self._connection, dialect, self.patience, greets=dialect.framed)

    def deliver(self, chunk: bytes) -> None:
        """Have the server send it, and wait until it is there to be read."""
        self.server.sendall(chunk)
        assert select.select([self._connection], [], [], SECONDS)[0]

    def reset(self) -> None:
        """Have the server vanish."""
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.server.close()

    def close(self) -> None:
        self.server.close()
        self.caller.leave()


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    made = Pair(*request.param)
    yield made
    made.close()


def speaking(protocol: str, patience: float = SECONDS) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pair", [(protocol, patience)], indirect=True, ids=[protocol])


@speaking("handout")
def test_without_line_ends_a_message_goes_out_as_it_is_and_what_comes_in_one_go_is_a_reply(
    pair: Pair,
) -> None:
    pair.caller.be_greeted()  # which is not waited for
    assert pair.caller.thread is None
    pair.caller.say(MESSAGE)
    assert pair.server.recv(1024) == MESSAGE.encode()
    pair.server.sendall(b"Today we")
    pair.server.sendall(b" will learn")
    assert pair.caller.reply().text == "Today we will learn"


@speaking("lines")
def test_with_line_ends_a_message_is_a_line_and_so_are_the_greeting_and_the_reply(
    pair: Pair,
) -> None:
    pair.server.sendall(b"+OK Thread-1: ready\r\n+OK Thread-1: Today\r\n")
    pair.caller.be_greeted()
    assert pair.caller.thread == "Thread-1"
    assert pair.caller.ask().text == "Today"
    assert pair.server.recv(1024) == MESSAGE.encode() + b"\r\n"


@speaking("handout")
def test_a_reply_that_ends_with_the_connection_is_one_and_then_the_server_has_hung_up(
    pair: Pair,
) -> None:
    pair.server.sendall(b"Today")
    pair.server.close()
    assert pair.caller.reply().text == "Today"
    assert pair.caller.is_hung_up_on()
    with pytest.raises(Failed, match="the server hung up instead of answering"):
        pair.caller.reply()


@speaking("handout")
def test_what_is_left_of_a_reply_is_not_taken_for_the_next(pair: Pair) -> None:
    pair.server.sendall(b"Today we")
    assert pair.caller.reply(whole=False).text == "Today we"
    pair.deliver(b" will learn")
    pair.caller.say(MESSAGE)
    pair.server.sendall(b"about")
    assert pair.caller.reply().text == "about"


@pytest.mark.parametrize("sent", [b"", b"+OK"])
@speaking("lines", SHORT)
def test_a_greeting_that_does_not_come_is_missed_by_name(pair: Pair, sent: bytes) -> None:
    pair.server.sendall(sent)  # a server that drips gets no more time
    with pytest.raises(Failed, match=r"^the greeting: no answer within 0\.05 s$"):
        pair.caller.be_greeted()


@speaking("lines")
def test_a_refusal_is_an_answer_but_no_reply_and_what_is_no_answer_is_quoted(pair: Pair) -> None:
    pair.server.sendall(b"-ERR busy: come again\n" * 2 + b"Welcome\x1b[31m\n")
    assert pair.caller.answer() == Complaint("busy", "come again")
    with pytest.raises(Failed, match=r"^the server said -ERR busy: come again$"):
        pair.caller.reply()
    with pytest.raises(Failed, match=r"^what came is no answer: 'Welcome"):
        pair.caller.reply()


@speaking("lines")
def test_what_comes_unasked_is_told_and_nothing_is_nothing(pair: Pair) -> None:
    assert pair.caller.unasked() == ""
    pair.deliver(b"+OK Thread-1: once more\n")
    assert "once more" in pair.caller.unasked()


@speaking("handout")
def test_a_reset_is_a_way_to_hang_up(pair: Pair) -> None:
    pair.reset()
    assert pair.caller.is_hung_up_on()


@speaking("handout")
def test_who_floods_has_neither_replied_nor_hung_up_and_is_not_read_for_ever(pair: Pair) -> None:
    def flood() -> None:
        with suppress(OSError):
            pair.server.sendall(b"x" * 8 * FLOOD)

    thread = threading.Thread(target=flood)
    thread.start()
    with pytest.raises(Failed, match=r"^a reply that does not end: [\d,]+ bytes, and more$"):
        pair.caller.reply()
    assert not pair.caller.is_hung_up_on()
    pair.caller.reset()
    thread.join(SECONDS)
    assert not thread.is_alive()


@pytest.mark.parametrize("leave", [Caller.leave, Caller.end_output])
@speaking("handout")
def test_who_leaves_or_ends_its_output_ends_the_stream_though_something_was_left_unread(
    pair: Pair, leave: Callable[[Caller], None]
) -> None:
    pair.deliver(b"Today")
    leave(pair.caller)
    assert pair.server.recv(1024) == b""
    if leave is Caller.end_output:  # which still hears
        assert pair.caller.reply(whole=False).text == "Today"


@speaking("handout")
def test_who_vanishes_is_found_as_a_reset(pair: Pair) -> None:
    pair.caller.reset()
    with pytest.raises(ConnectionResetError):
        pair.server.recv(1024)


@speaking("handout")
def test_what_a_broken_connection_does_not_take_or_give_is_said(pair: Pair) -> None:
    pair.reset()
    with pytest.raises(Failed, match="connection reset by peer"):
        pair.caller.reply()
    with pytest.raises(Failed, match="the message was not taken: broken pipe"):
        pair.caller.say(MESSAGE)


@speaking("lines")
def test_a_wait_that_all_the_time_did_not_allow_is_nobodys_failure(pair: Pair) -> None:
    pair.patience.deadline = time.monotonic() + SECONDS / 2
    assert pair.patience.until() == pair.patience.deadline
    for wait in (pair.caller.be_greeted, pair.caller.is_hung_up_on):
        pair.patience.deadline = time.monotonic() + SHORT
        with pytest.raises(OutOfTime, match=r"^$"):
            wait()


@speaking("handout", SHORT)
def test_who_stays_has_not_hung_up_but_has_to_take_a_message_in_time(pair: Pair) -> None:
    assert not pair.caller.is_hung_up_on()
    with pytest.raises(Failed, match=r"^the message was not taken within 0\.05 s$"):
        pair.caller.send(b"x" * 64 * FLOOD)
