"""A client of a checked server: each wait is bounded, each failure says what was seen."""

import select
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lanes.check.caller import MESSAGE, Caller
from lanes.check.connection import FLOOD
from lanes.check.failure import Failed, OutOfTime, Patience
from lanes.check.protocol import DIALECTS, Complaint
from tests.kit.peer import reset_on_close
from tests.kit.waiting import SECONDS

SHORT = 0.05  # seconds: how long the caller waits for bytes that never come


class Pair:
    """A caller and the other end of its connection."""

    def __init__(self, protocol: str, patience: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._connection = socket.create_connection(listener.getsockname())
            self.server, _ = listener.accept()
        self.server.settimeout(SECONDS)
        self.patience = Patience(patience, time.monotonic() + SECONDS)
        dialect = DIALECTS[protocol]()
        self.caller = Caller(self._connection, dialect, self.patience, greets=dialect.framed)

    def deliver(self, chunk: bytes) -> None:
        """Have the server send a chunk, and wait until the caller can read it."""
        self.server.sendall(chunk)
        assert select.select([self._connection], [], [], SECONDS)[0]


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    made = Pair(*getattr(request, "param", ("handout", SECONDS)))  # by default
    with made.server, made.caller:
        yield made


def speaking(protocol: str, patience: float = SECONDS) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("pair", [(protocol, patience)], indirect=True, ids=[protocol])


def test_without_line_ends_what_comes_at_once_is_one_reply(pair: Pair) -> None:
    pair.caller.be_greeted()  # does not wait for a greeting
    assert pair.caller.thread is None
    pair.caller.say(MESSAGE)
    assert pair.server.recv(1024) == MESSAGE.encode()
    pair.server.sendall(b"Today we")
    pair.server.sendall(b" will learn")
    assert pair.caller.reply().text == "Today we will learn"
    pair.server.sendall(b"Today we")
    assert pair.caller.reply(whole=False).text == "Today we"
    pair.deliver(b" will learn")
    pair.caller.say(MESSAGE)
    pair.server.sendall(b"about")
    assert pair.caller.reply().text == "about"


def test_a_reply_may_end_with_the_connection_which_is_then_hung_up(pair: Pair) -> None:
    pair.server.sendall(b"Today")
    pair.server.close()
    assert pair.caller.reply().text == "Today"
    pair.caller.be_hung_up_on()
    with pytest.raises(Failed, match="the server hung up instead of answering"):
        pair.caller.reply()


@pytest.mark.parametrize("sent", [b"", b"+OK"])
@speaking("lines", SHORT)
def test_a_missing_greeting_is_named_in_the_failure(pair: Pair, sent: bytes) -> None:
    pair.server.sendall(sent)  # a server that drips gets no more time
    with pytest.raises(Failed, match=r"^the greeting: no answer within 0\.05 s$"):
        pair.caller.be_greeted()


@speaking("lines")
def test_a_refusal_is_an_answer_but_not_a_reply_and_anything_else_is_quoted(pair: Pair) -> None:
    pair.server.sendall(b"-ERR busy: come again\n" * 2 + b"Welcome\x1b[31m\n")
    assert pair.caller.answer() == Complaint("busy", "come again")
    with pytest.raises(Failed, match=r"^the server said -ERR busy: come again$"):
        pair.caller.reply()
    with pytest.raises(Failed, match=r"^not an answer: 'Welcome"):
        pair.caller.reply()


@speaking("lines")
def test_unasked_text_is_returned_and_silence_is_empty(pair: Pair) -> None:
    assert pair.caller.unasked() == ""
    pair.deliver(b"+OK Thread-1: once more\n")
    assert "once more" in pair.caller.unasked()


def test_a_reset_counts_as_hanging_up(pair: Pair) -> None:
    reset_on_close(pair.server)
    pair.server.close()
    pair.caller.be_hung_up_on()


def test_a_server_that_floods_neither_replies_nor_hangs_up_and_gets_a_reset(pair: Pair) -> None:
    with ThreadPoolExecutor() as pool:
        flood = pool.submit(pair.server.sendall, b"x" * 8 * FLOOD)
        with pytest.raises(Failed, match=r"^a reply that does not end: [\d,]+ bytes so far$"):
            pair.caller.reply()
        with pytest.raises(Failed, match=r"^the server did not hang up, but sent 1,\d+,\d+ bytes$"):
            pair.caller.be_hung_up_on()
        pair.caller.reset()
        with pytest.raises(ConnectionResetError):
            flood.result()


@speaking("handout", SHORT)
def test_the_time_for_an_answer_starts_with_its_own_message(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.caller.say(MESSAGE)
    now = time.monotonic
    monkeypatch.setattr("lanes.check.failure.time.monotonic", lambda: now() + 2 * SHORT)
    with pytest.raises(Failed, match=r"^no answer within 0\.05 s$"):
        pair.caller.reply()
    pair.deliver(b"Today")
    assert pair.caller.reply().text == "Today", "what has come in the meantime is no late answer"
    with pytest.raises(Failed, match=r"^no answer within 0\.05 s$"):
        pair.caller.wait_for_answer()


def test_an_answer_can_be_waited_for_and_left_unread_which_resets_the_connection(
    pair: Pair,
) -> None:
    pair.server.sendall(b"Today")
    pair.caller.wait_for_answer()
    pair.caller.abandon()
    with pytest.raises(ConnectionResetError):
        pair.server.recv(1024)


@pytest.mark.parametrize("leave", [Caller.leave, Caller.end_output])
def test_leaving_unread_bytes_ends_the_stream(pair: Pair, leave: Callable[[Caller], None]) -> None:
    pair.deliver(b"Today")
    leave(pair.caller)
    assert pair.server.recv(1024) == b""
    if leave is Caller.end_output:  # it can still read
        assert pair.caller.reply(whole=False).text == "Today"


def test_a_broken_connection_is_reported_on_reading_and_on_writing(pair: Pair) -> None:
    reset_on_close(pair.server)
    pair.server.close()
    with pytest.raises(Failed, match="the connection broke: Connection reset by peer"):
        pair.caller.reply()
    ended = r"^the connection ended before the message was sent \(Broken pipe\)$"
    with pytest.raises(Failed, match=ended):
        pair.caller.say(MESSAGE)


@speaking("lines")
def test_a_wait_cut_short_by_the_deadline_is_not_a_failure(pair: Pair) -> None:
    for wait in (pair.caller.be_greeted, pair.caller.be_hung_up_on):
        pair.patience.deadline = time.monotonic() + SHORT
        assert pair.patience.until() == pair.patience.deadline
        with pytest.raises(OutOfTime, match=r"^$"):
            wait()


@speaking("handout", SHORT)
def test_a_server_that_stays_has_not_hung_up_and_must_take_a_message_in_time(pair: Pair) -> None:
    with pytest.raises(Failed, match=r"^the server did not hang up within 0\.05 s$"):
        pair.caller.be_hung_up_on()
    with pytest.raises(Failed, match=r"^the message could not be sent within 0\.05 s$"):
        pair.caller.send(b"x" * 64 * FLOOD)
