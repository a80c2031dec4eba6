"""One conversation over a real connection: greet, read, answer, close."""

import contextlib
import socket
from functools import partial
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from server.chat.clock import now
from server.chat.protocol import ANSWER, Lines, Malformed
from server.chat.session import AT_ONCE, Patience
from tests.kit.peer import Peer, reset_on_close
from tests.kit.running_server import RunningServer, StartServer
from tests.kit.waiting import SECONDS, wait_until

GREETING = "+OK Thread-1: ready\r\n"
REPLY = f"+OK Thread-1: {ANSWER}\r\n"


def test_a_sessions_record_says_who_when_and_how_much(server: RunningServer, peer: Peer) -> None:
    name = peer.name
    peer.say("Hey")
    peer.close()
    record = server.ended(1)
    assert (record.peer, record.thread, record.end) == (name, "Thread-1", "bye")
    assert record.native_id is not None
    assert (record.messages, record.bytes_in) == (1, len("Hey\n"))
    assert record.bytes_out == len(GREETING + REPLY)


def test_a_close_in_the_middle_of_a_line_is_not_a_goodbye(
    server: RunningServer, peer: Peer
) -> None:
    peer.say("Hey")
    peer.send(b"Hey Ser")
    peer.close()
    record = server.ended(1)
    assert (record.end, record.messages) == ("unfinished", 1)


def test_messages_that_cannot_be_answered_are_counted(server: RunningServer, peer: Peer) -> None:
    peer.send(b"\xff\nHey\n\xff\n" + b"x" * 9_000)
    peer.rest()
    peer.close()
    record = server.ended(1)
    assert (record.end, record.messages, record.refused) == ("too-long", 4, 3)
    assert server.registry.snapshot().totals.refused == 3


@pytest.mark.parametrize("chunks", [[b"1\n", b"2\n", b"3\n"], [b"1\n2\n3\n"]])
def test_messages_that_arrive_together_share_a_tick_and_a_time(
    server: RunningServer, peer: Peer, monkeypatch: pytest.MonkeyPatch, chunks: list[bytes]
) -> None:
    monkeypatch.setattr("server.chat.ticks.GAP", 0.0)
    before, counts = now(), [chunk.count(b"\n") for chunk in chunks]
    for chunk in chunks:
        peer.send(chunk)
        assert [peer.line() for _ in chunk.splitlines()] == [REPLY] * chunk.count(b"\n")
    after = now()
    peer.close()
    record = server.ended(1)
    assert [count for *_, count in record.ticks.since()] == counts
    assert all(before <= began <= after for began, *_ in record.ticks.since())
    assert sum(record.answers.counts) == record.messages == 3
    assert max(record.answers.counts) >= max(counts)
    took = sum(count * (ended - began) for began, ended, count in record.ticks.since())
    assert record.answers.sum == pytest.approx(took, abs=1e-6)


def test_a_session_gives_way_before_it_receives_again(
    server: RunningServer, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave_way: list[None] = []
    monkeypatch.setattr("server.chat.session.give_way", partial(gave_way.append, None))
    assert [peer.say("Hey") for _ in range(3)] == [REPLY] * 3
    peer.close()
    server.ended(1)
    assert len(gave_way) == 3


def test_up_to_256_replies_share_one_send(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    send = socket.socket.send

    def noted(connection: socket.socket, buffer: bytes, *flags: int) -> int:
        sent.append(bytes(buffer))
        return send(connection, buffer, *flags)

    monkeypatch.setattr("server.chat.connection.socket.socket.send", noted)
    peer.send(b"one\ntwo\nthree\n")
    assert [peer.line() for _ in range(3)] == [REPLY] * 3
    assert sent == [3 * REPLY.encode()]
    peer.send(b"\n" * 8192)
    assert [peer.line() for _ in range(8192)] == [REPLY] * 8192
    assert max(map(len, sent)) == AT_ONCE * len(REPLY) == 256 * len(REPLY)


def test_a_silent_client_gets_idle_and_is_not_reset_even_if_it_talks_on(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.chat.session.LINGER_SECONDS", SECONDS)
    monkeypatch.setattr("server.chat.connection.LINGER_BYTES", 2**25)
    server = start_server(patience=Patience(idle=0.05))
    peer = server.greeted()
    assert peer.rest() == Lines.error("idle")
    # Raises after a reset. This is more than the kernel buffers, so the server must read it.
    peer.send(b"too late\n" * 2_000_000)
    assert server.record(1).state == "serving"
    peer.close()
    record = server.ended(1)
    assert (record.end, record.messages) == ("idle", 0)
    assert record.bytes_out == len(GREETING.encode() + Lines.error("idle"))


def test_a_line_that_drips_is_cut_off_however_often_a_byte_comes(start_server: StartServer) -> None:
    server = start_server(patience=Patience(idle=SECONDS, line=0.2))
    peer = server.greeted()
    peer.socket.settimeout(0.01)
    told = b""
    while not told:
        peer.send(b"x")
        with contextlib.suppress(TimeoutError):
            told = peer.socket.recv(1000)
    assert told == Lines.error("slow")
    peer.close()
    record = server.ended(1)
    assert record.end == "slow"
    assert record.bytes_in > 1
    assert (record.messages, record.ticks.since()) == (0, [])  # an unfinished line is not a message


def test_each_line_has_a_time_limit_of_its_own(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [0.0]
    monkeypatch.setattr("server.chat.session.time", SimpleNamespace(monotonic=lambda: seconds[0]))
    server = start_server(patience=Patience(line=100))
    peer = server.greeted()
    peer.send(b"He")
    for number in (1, 2, 3):  # a line is always unfinished; each takes 60 s, all three 180 s
        wait_until(partial(lambda count: server.record(1).bytes_in == 4 * count - 2, number))
        seconds[0] += 60
        peer.send(b"y\nHe")
        assert peer.line() == REPLY
    assert server.record(1).state == "serving"


def test_a_client_that_reads_nothing_is_reset_as_unread(start_server: StartServer) -> None:
    server = start_server(patience=Patience(send=0.2))
    peer = server.greeted()
    peer.say("Hey")
    with contextlib.suppress(ConnectionError):
        while True:
            peer.send(b"\n" * 8192)
    record = server.ended(1)
    assert record.end == "unread"
    assert sum(count for *_, count in record.ticks.since()) == record.messages
    assert 1 <= sum(record.answers.counts) < record.messages


def test_a_client_that_resets_is_lost_and_no_other(server: RunningServer, peer: Peer) -> None:
    reset_on_close(peer.socket)
    peer.close()
    assert server.ended(1).end == "lost"
    assert server.greeted().say("Hey") == f"+OK Thread-2: {ANSWER}\r\n"


def test_our_own_fault_ends_one_session_with_a_traceback_and_no_other(
    server: RunningServer, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(Lines, "greeting", lambda _: 1 / 0)
        assert server.connect().rest() == b""
        assert server.ended(2).end == "failed"
    assert "session failed" in {entry["event"] for entry in logs}
    assert peer.say("Hey") == REPLY


def test_each_message_goes_to_the_transcript_and_the_rest_to_the_log(
    start_server: StartServer,
) -> None:
    noted: list[object] = []
    with capture_logs() as logs:
        server = start_server(note=lambda *said: noted.append(said))
        peer = server.greeted()
        name = peer.name
        peer.send(b"\xff\nHey\n")
        assert [peer.line() for _ in range(2)] == [Lines.error("utf8").decode(), REPLY]
        peer.close()
        server.ended(1)
        server.stop()
    session = [entry for entry in logs if entry.get("peer") == name]
    assert noted == [(name, [Malformed("utf8", "\\xff"), "Hey"])]
    assert [entry["event"] for entry in session] == ["connected", "new connection", "bye"]
    assert (session[-1]["end"], session[-1]["messages"]) == ("bye", 2)


def test_in_handout_the_end_of_the_stream_is_not_a_message(start_server: StartServer) -> None:
    server = start_server(protocol="handout")
    peer = server.connect()
    peer.send(b"Hey")
    assert peer.socket.recv(1024) == ANSWER.encode()
    peer.close()
    record = server.ended(1)
    assert (record.end, record.messages) == ("bye", 1)
