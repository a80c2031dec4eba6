"""One conversation over a real connection: greet, read, answer, close."""

import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest
import structlog

from server import models
from server.clock import now
from server.connection import RESET_ON_CLOSE
from server.protocol import ANSWER, MAX_LINE, Lines, Malformed, Message
from server.session import AT_ONCE, Patience, Session
from tests.kit.running_server import RunningServer
from tests.kit.waiting import wait_until

HEY = "Hey Server!!! What will we do in today's lab????"
REPLY = f"+OK Thread-1: {ANSWER}\r\n"

StartServer = Callable[..., RunningServer]


def test_a_thread_greets_and_answers_every_line_in_order(start_server: StartServer) -> None:
    peer = start_server().connect()
    assert peer.line() == "+OK Thread-1: ready\r\n"
    assert [peer.say(HEY), peer.say(""), peer.say("Grüße 🧵")] == [REPLY] * 3


def test_among_several_servers_the_greeting_and_each_reply_name_the_replica(
    start_server: StartServer,
) -> None:
    server = start_server(replica="server-2")
    peer = server.connect()
    assert peer.line() == "+OK server-2/Thread-1: ready\r\n"
    assert peer.say("Hey") == f"+OK server-2/Thread-1: {ANSWER}\r\n"
    assert server.record(1).thread == "server-2/Thread-1"


def test_its_record_has_who_when_and_how_much(start_server: StartServer) -> None:
    server = start_server()
    peer = server.greeted()
    peer.say("Hey")
    peer.close()
    record = server.ended(1)
    assert (record.peer, record.thread, record.end) == (record.peer, "Thread-1", "bye")
    assert record.native_id is not None
    assert (record.messages, record.bytes_in) == (1, len("Hey\n"))
    assert record.bytes_out == len("+OK Thread-1: ready\r\n") + len(REPLY)


def test_each_answered_message_is_a_tick_and_an_answer_that_took_so_long(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ticks.GAP", 0.0)
    server = start_server()
    peer = server.greeted()
    before = now()
    for text in ("one", "two", "three"):
        peer.say(text)
    after = now()
    peer.close()
    record = server.ended(1)
    assert [tick.events for tick in record.ticks] == [1, 1, 1]
    assert all(before <= tick.began <= after for tick in record.ticks)
    assert sum(record.answers.counts) == 3
    took = sum(tick.ended - tick.began for tick in record.ticks)
    assert record.answers.sum == pytest.approx(took, abs=1e-6)


def test_lines_that_arrive_together_are_one_tick_of_so_many_events(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.ticks.GAP", 0.0)
    server = start_server()
    peer = server.greeted()
    peer.send(b"one\ntwo\nthree\n")
    assert [peer.line() for _ in range(3)] == [REPLY] * 3
    peer.close()
    record = server.ended(1)
    [tick] = record.ticks
    assert tick.events == record.messages == 3
    assert max(record.answers.counts) == 3  # they all took as long: there is one reply
    assert record.answers.sum == pytest.approx(3 * (tick.ended - tick.began), abs=1e-6)


def test_it_gives_way_to_the_others_before_it_receives_again(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave_way: list[None] = []
    monkeypatch.setattr("server.session.give_way", lambda: gave_way.append(None))
    peer = start_server().greeted()
    for number in (1, 2, 3):
        peer.say("Hey")
        wait_until(partial(lambda turns: len(gave_way) == turns, number))


def test_messages_whose_replies_are_not_taken_are_ticks_but_no_answers(
    start_server: StartServer,
) -> None:
    server = start_server(patience=Patience(send=0.2))
    peer = server.greeted()
    peer.say("Hey")
    with contextlib.suppress(ConnectionError):
        while True:
            peer.send(b"\n" * 8192)
    record = server.ended(1)
    assert sum(tick.events for tick in record.ticks) == record.messages
    assert 1 <= sum(record.answers.counts) < record.messages


def test_lines_that_arrive_together_are_answered_with_one_send(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    send = socket.socket.send

    def noted(connection: socket.socket, buffer: bytes, *flags: int) -> int:
        sent.append(bytes(buffer))
        return send(connection, buffer, *flags)

    server = start_server()
    peer = server.greeted()
    monkeypatch.setattr("server.connection.socket.socket.send", noted)
    peer.send(b"one\ntwo\nthree\n")
    assert [peer.line() for _ in range(3)] == [REPLY] * 3
    assert sent == [3 * REPLY.encode()]


def test_of_more_lines_than_that_no_more_replies_are_held_than_for_256(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    reply = Lines.reply

    def noted(dialect: Lines, messages: list[Message]) -> bytes:
        held.append(len(messages))
        return reply(dialect, messages)

    monkeypatch.setattr(Lines, "reply", noted)
    peer = start_server().greeted()
    peer.send(b"\n" * 8192)
    assert [peer.line() for _ in range(8192)] == [REPLY] * 8192
    assert max(held) == AT_ONCE == 256


def test_a_half_closed_client_still_gets_its_answers(start_server: StartServer) -> None:
    peer = start_server().greeted()
    peer.send(b"one\ntwo\n")
    peer.socket.shutdown(socket.SHUT_WR)
    assert peer.rest() == 2 * REPLY.encode()


def test_a_line_without_its_end_is_never_answered(start_server: StartServer) -> None:
    server = start_server()
    peer = server.greeted()
    peer.send(b"one\nHey Ser")
    peer.socket.shutdown(socket.SHUT_WR)
    assert peer.rest() == REPLY.encode()
    assert server.ended(1).messages == 1


def test_a_line_that_is_not_utf8_gets_an_error_and_the_conversation_goes_on(
    start_server: StartServer,
) -> None:
    peer = start_server().greeted()
    peer.send(b"\xff\n")
    assert peer.line() == "-ERR utf8: the line is not valid UTF-8\r\n"
    assert peer.say("Hey") == REPLY


def test_a_line_that_is_too_long_ends_it_and_the_client_reads_why(
    start_server: StartServer,
) -> None:
    server = start_server()
    peer = server.greeted()
    peer.send(b"x" * (MAX_LINE + 1) + bytes(100_000))
    assert peer.rest() == Lines.error("too-long")
    peer.close()
    assert server.ended(1).end == "too-long"


def test_what_is_no_whole_line_yet_is_no_message_and_no_tick(start_server: StartServer) -> None:
    server = start_server()
    peer = server.greeted()
    peer.send(b"Hey")
    wait_until(lambda: server.record(1).bytes_in == len(b"Hey"))
    peer.close()
    assert server.ended(1).messages == 0
    assert list(server.record(1).ticks) == []


def test_a_silent_client_is_told_and_shown_out(start_server: StartServer) -> None:
    server = start_server(patience=Patience(idle=0.05))
    peer = server.greeted()
    assert peer.rest() == Lines.error("idle")
    peer.close()
    record = server.ended(1)
    assert record.end == "idle"
    assert record.bytes_out == len("+OK Thread-1: ready\r\n" + Lines.error("idle").decode())


def test_a_client_that_is_shown_out_and_talks_on_is_not_reset_until_the_linger_ends(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.session.LINGER_SECONDS", 60.0)
    server = start_server(patience=Patience(idle=0.05))
    peer = server.greeted()
    assert peer.rest() == Lines.error("idle")
    for _ in range(50):
        peer.send(b"too late\n")  # raises once a reset has come
        time.sleep(0.002)
    assert server.record(1).state == "serving"
    peer.close()
    assert server.ended(1).messages == 0


def test_a_line_that_drips_is_cut_off_however_often_a_byte_comes(
    start_server: StartServer,
) -> None:
    server = start_server(patience=Patience(idle=60, line=0.2))
    peer = server.greeted()
    peer.socket.settimeout(0.01)
    told = b""
    while not told:
        peer.send(b"x")
        try:
            told = peer.socket.recv(1000)
        except TimeoutError:
            continue
    assert told == Lines.error("slow")
    peer.close()
    record = server.ended(1)
    assert record.end == "slow"
    assert record.bytes_in > 1


def test_a_slow_line_that_ends_in_time_leaves_the_next_its_own_time(
    start_server: StartServer,
) -> None:
    server = start_server(patience=Patience(idle=60, line=0.5))
    peer = server.greeted()
    peer.send(b"He")
    for _ in range(8):  # a line is begun all the time, each ends in time, together they do not
        peer.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            peer.socket.recv(1000)
        peer.socket.settimeout(10)
        peer.send(b"y\nHe")
        assert peer.socket.recv(1000) == REPLY.encode()
    assert server.record(1).state == "serving"


def test_a_client_that_does_not_read_is_reset(start_server: StartServer) -> None:
    server = start_server(patience=Patience(send=0.2))
    peer = server.greeted()
    with contextlib.suppress(ConnectionError):
        while True:
            peer.send(b"\n" * 8192)
    assert server.ended(1).end == "unread"


def test_a_client_that_resets_is_lost_and_the_next_is_served(start_server: StartServer) -> None:
    server = start_server()
    peer = server.greeted()
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    peer.close()
    assert server.ended(1).end == "lost"
    assert server.greeted().say("Hey") == f"+OK Thread-2: {ANSWER}\r\n"


def test_a_fault_of_ours_ends_one_session_with_its_traceback_and_no_other(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server()
    other = server.greeted()
    with structlog.testing.capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(Lines, "greeting", lambda _: 1 / 0)
        assert server.connect().rest() == b""
        assert server.ended(2).end == "failed"
    assert "session failed" in {entry["event"] for entry in logs}
    assert other.say("Hey") == REPLY


def test_every_message_is_noted_with_its_peer_and_the_rest_is_logged(
    start_server: StartServer,
) -> None:
    noted: list[tuple[str, Sequence[Message]]] = []
    with structlog.testing.capture_logs() as logs:
        server = start_server(note=lambda *said: noted.append(said))
        peer = server.greeted()
        peer.send(b"Hey\n\xff\n")
        peer.line()
        peer.line()
        name = peer.name
        peer.close()
        server.ended(1)
        server.stop()
    session = [entry for entry in logs if entry.get("peer") == name]
    assert noted == [(name, ["Hey", Malformed("utf8", "\\xff")])]
    assert [entry["event"] for entry in session] == ["connected", "new connection", "bye"]
    assert (session[-1]["end"], session[-1]["messages"]) == ("bye", 2)


def test_the_handout_is_answered_without_greeting_line_end_or_name(
    start_server: StartServer,
) -> None:
    server = start_server(protocol="handout")
    peer = server.connect()
    peer.send(HEY.encode())
    assert peer.socket.recv(1024) == ANSWER.encode()
    assert server.record(1).state == "serving"


def test_in_the_handout_too_the_end_of_the_stream_is_no_message(
    start_server: StartServer,
) -> None:
    server = start_server(protocol="handout")
    peer = server.connect()
    peer.send(HEY.encode())
    peer.socket.recv(1024)
    peer.close()
    record = server.ended(1)
    assert (record.end, record.messages) == ("bye", 1)


def test_the_handout_ends_without_a_word(start_server: StartServer) -> None:
    server = start_server(protocol="handout", patience=Patience(idle=0.05))
    assert server.connect().rest() == b""
    assert server.ended(1).end == "idle"


class Queue:
    """A model in which everybody waits and nobody's turn comes."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []

    def submit(self, session: models.Session) -> None:
        assert isinstance(session, Session)
        self.sessions.append(session)

    def shutdown(self) -> None:
        """It has no threads."""


def test_one_that_waits_is_dismissed_once_is_told_so_and_its_turn_never_comes(
    start_server: StartServer,
) -> None:
    waiting = Queue()
    with structlog.testing.capture_logs() as logs:
        peer = start_server(model=waiting).connect()
        wait_until(lambda: waiting.sessions != [])
        [session] = waiting.sessions
        assert session.dismiss()
        assert not session.dismiss()
        session.run()
        assert peer.rest() == Lines.error("closing")
    said = [entry["event"] for entry in logs if entry.get("peer") == peer.name]
    assert said == ["connected", "dismissed"]
