"""A client of a server that is checked: each wait has an end, each failure says what was seen."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from client.check.caller import FLOOD, MESSAGE, Caller
from client.check.failure import Failed, OutOfTime, Patience
from client.dialect import DIALECTS, Complaint
from tests.kit.waiting import wait_until

SHORT = 0.2  # seconds: what never comes is waited for that long
FOREVER = 30.0


class Pair:
    """A caller and the other end of its connection."""

    def __init__(self, protocol: str, patience: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            connection = socket.create_connection(listener.getsockname())
            self.server, _ = listener.accept()
        self.patience = Patience(patience, time.monotonic() + FOREVER)
        dialect = DIALECTS[protocol]()
        self.caller = Caller(connection, dialect, self.patience, greets=dialect.framed)

    def close(self) -> None:
        self.server.close()
        self.caller.leave()


def suppress_send(connection: socket.socket, chunk: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(chunk)


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    made = Pair(*request.param)
    yield made
    made.close()


def speaking(protocol: str, patience: float = FOREVER) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pair", [(protocol, patience)], indirect=True, ids=[protocol])


@speaking("handout")
def test_a_message_goes_out_as_it_is_where_messages_have_no_end(pair: Pair) -> None:
    pair.caller.say(MESSAGE)
    assert pair.server.recv(1024) == MESSAGE.encode()


@speaking("lines")
def test_a_message_is_a_line_where_messages_are_lines(pair: Pair) -> None:
    pair.caller.say(MESSAGE)
    assert pair.server.recv(1024) == MESSAGE.encode() + b"\r\n"


@speaking("handout")
def test_a_reply_without_an_end_is_what_comes_without_a_pause(pair: Pair) -> None:
    pair.server.sendall(b"Today we")
    pair.server.sendall(b" will learn")
    assert pair.caller.reply().text == "Today we will learn"


@speaking("handout")
def test_a_reply_that_ends_with_the_connection_is_one(pair: Pair) -> None:
    pair.server.sendall(b"Today")
    pair.server.close()
    assert pair.caller.reply().text == "Today"
    with pytest.raises(Failed, match="the server hung up instead of answering"):
        pair.caller.reply()


@speaking("handout")
def test_a_reply_that_does_not_end_is_none(pair: Pair) -> None:
    flood = threading.Thread(target=suppress_send, args=(pair.server, b"x" * 8 * FLOOD))
    flood.start()
    with pytest.raises(Failed, match=r"^a reply that does not end: [\d,]+ bytes, and more$"):
        pair.caller.reply()
    pair.caller.reset()
    flood.join(FOREVER)
    assert not flood.is_alive()


@speaking("handout")
def test_what_is_left_of_a_reply_is_not_taken_for_the_next(pair: Pair) -> None:
    pair.server.sendall(b"Today we")
    assert pair.caller.reply(whole=False).text == "Today we"
    pair.server.sendall(b" will learn")
    wait_until(lambda: bool(pair.caller._socket.recv(1, socket.MSG_PEEK)))  # noqa: SLF001
    pair.caller.say(MESSAGE)
    pair.server.sendall(b"about")
    assert pair.caller.reply().text == "about"


@speaking("handout")
def test_a_server_that_is_not_known_to_greet_is_not_waited_for(pair: Pair) -> None:
    pair.caller.be_greeted()
    assert pair.caller.thread is None


@speaking("handout")
def test_the_beginning_of_a_reply_is_not_waited_past(pair: Pair) -> None:
    pair.server.sendall(b"Today")
    assert pair.caller.reply(whole=False).text == "Today"


@speaking("lines")
def test_the_greeting_tells_the_thread(pair: Pair) -> None:
    pair.server.sendall(b"+OK Thread-1: ready\r\n+OK Thread-1: Today\r\n")
    pair.caller.be_greeted()
    assert pair.caller.thread == "Thread-1"
    assert pair.caller.ask().text == "Today"


@speaking("lines", SHORT)
def test_a_greeting_that_does_not_come_is_missed_by_name(pair: Pair) -> None:
    with pytest.raises(Failed, match=r"^the greeting: no answer within 0\.2 s$"):
        pair.caller.be_greeted()


@speaking("lines")
def test_a_refusal_is_an_answer_and_no_reply(pair: Pair) -> None:
    pair.server.sendall(b"-ERR busy: come again\n-ERR busy: come again\n")
    assert pair.caller.answer() == Complaint("busy", "come again")
    with pytest.raises(Failed, match="the server said -ERR busy: come again"):
        pair.caller.reply()


@speaking("lines")
def test_what_is_no_answer_is_quoted(pair: Pair) -> None:
    pair.server.sendall(b"Welcome\x1b[31m\n")
    with pytest.raises(Failed, match=r"^what came is no answer: 'Welcome"):
        pair.caller.reply()


@speaking("lines", SHORT)
def test_an_answer_that_drips_has_no_more_time_than_another(pair: Pair) -> None:
    pair.server.sendall(b"+OK")
    with pytest.raises(Failed, match=r"no answer within 0\.2 s"):
        pair.caller.reply()


@speaking("lines", SHORT)
def test_what_comes_unasked_is_told_and_nothing_is_nothing(pair: Pair) -> None:
    assert pair.caller.unasked() == ""
    pair.server.sendall(b"+OK Thread-1: once more\n")
    assert "once more" in pair.caller.unasked()


@speaking("handout")
def test_who_hangs_up_has_hung_up_whatever_is_said_before(pair: Pair) -> None:
    pair.server.sendall(b"Bye")
    pair.server.close()
    assert pair.caller.is_hung_up_on()


@speaking("handout")
def test_a_reset_is_a_way_to_hang_up(pair: Pair) -> None:
    linger = struct.pack("ii", 1, 0)
    pair.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    pair.server.close()
    assert pair.caller.is_hung_up_on()


@speaking("handout", SHORT)
def test_who_stays_has_not_hung_up(pair: Pair) -> None:
    assert not pair.caller.is_hung_up_on()


@speaking("handout")
def test_who_floods_has_not_hung_up_and_is_not_read_for_ever(pair: Pair) -> None:
    flood = threading.Thread(target=suppress_send, args=(pair.server, b"x" * 8 * FLOOD))
    flood.start()
    assert not pair.caller.is_hung_up_on()
    pair.caller.reset()
    flood.join(FOREVER)
    assert not flood.is_alive()


@speaking("handout")
def test_who_leaves_ends_the_stream_though_something_was_left_unread(pair: Pair) -> None:
    pair.server.sendall(b"Today")
    wait_until(lambda: bool(pair.caller._socket.recv(1, socket.MSG_PEEK)))  # noqa: SLF001
    pair.caller.leave()
    assert pair.server.recv(1024) == b""


@speaking("handout")
def test_who_ends_its_output_still_hears(pair: Pair) -> None:
    pair.caller.end_output()
    assert pair.server.recv(1024) == b""
    pair.server.sendall(b"Today")
    assert pair.caller.reply(whole=False).text == "Today"


@speaking("handout")
def test_who_vanishes_is_found_as_a_reset(pair: Pair) -> None:
    pair.caller.reset()
    with pytest.raises(ConnectionResetError):
        pair.server.recv(1024)


@speaking("handout")
def test_what_a_broken_connection_does_not_take_or_give_is_said(pair: Pair) -> None:
    linger = struct.pack("ii", 1, 0)
    pair.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    pair.server.close()
    with pytest.raises(Failed, match="connection reset by peer"):
        pair.caller.reply()
    with pytest.raises(Failed, match="the message was not taken: broken pipe"):
        pair.caller.say(MESSAGE)


@speaking("handout", SHORT)
def test_a_wait_that_all_the_time_did_not_allow_is_nobodys_failure(pair: Pair) -> None:
    pair.patience.deadline = time.monotonic() + SHORT / 2
    with pytest.raises(OutOfTime):
        pair.caller.reply()
    with pytest.raises(OutOfTime):
        pair.caller.is_hung_up_on()


@speaking("handout", SHORT)
def test_a_message_that_is_not_taken_in_time_is_missed(pair: Pair) -> None:
    with pytest.raises(Failed, match=r"^the message was not taken within 0\.2 s$"):
        pair.caller.send(b"x" * 64 * FLOOD)
