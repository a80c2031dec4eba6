"""Messages to one server, in order, each until it has its one reply."""

import time
from itertools import chain, repeat

import pytest

from client.delivery import Delivery, Outcome, Unanswered
from client.dialect import Reply
from client.stop import Stopped
from tests.kit.fake_server import (
    CHUNK,
    GREET,
    HEAR,
    LONG,
    RESET,
    UNTIL_GONE,
    Action,
    scene,
    sigterm,
)

ONE, TWO = b"+OK T-1: one\r\n", b"+OK T-1: two\r\n"


def test_replies_come_in_order_over_one_connection() -> None:
    with scene([[GREET, HEAR, ONE, HEAR, TWO, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
        assert s.conversation.say("2") == Reply("T-1", "two")
        assert s.conversation.finish()
    assert s.server.heard == [[b"1\r\n", b"2\r\n"]]
    assert (s.conversation.connections, s.conversation.resent) == (1, 0)


def test_waiting_for_a_thread_is_no_outage_but_being_hung_up_on_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discounted: list[float] = []
    monkeypatch.setattr(Delivery, "discount", lambda _, seconds: discounted.append(seconds))
    hung_up: list[Action] = []
    busy: list[Action] = [b"-ERR busy: later\r\n", UNTIL_GONE]
    answered: list[Action] = [GREET, HEAR, ONE, UNTIL_GONE]
    with scene([hung_up, busy, answered]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    assert len(discounted) == 2


def test_a_person_who_waits_for_a_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.conversation.AT_ONCE", 0.01)

    def until_told() -> None:
        while not s.named("connected, but no thread has greeted yet: waiting"):
            time.sleep(0.001)

    with scene([[until_told, GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    assert [event["event"] for event in s.events][-1] == "greeted"


def test_it_says_when_it_is_connected_and_when_a_thread_greets() -> None:
    with scene([[GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        s.conversation.say("1")
        assert s.conversation.finish()
    connected, greeted = s.events
    assert connected["event"] == "connected"
    assert connected["server"] == str(s.server.address)
    assert connected["local"].startswith("127.0.0.1:")
    assert connected["waiting_for"] == "the greeting"
    assert (greeted["event"], greeted["thread"]) == ("greeted", "T-1")
    assert greeted["waited"] >= 0


@pytest.mark.parametrize("cut", range(len(ONE)))
def test_wherever_a_reply_is_cut_off_the_message_has_one_reply(cut: int) -> None:
    first: list[Action] = [GREET, HEAR, ONE[:cut]]
    with scene([first, [GREET, HEAR, ONE, HEAR, TWO, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
        assert s.conversation.say("2") == Reply("T-1", "two")
        assert s.conversation.finish()
    assert s.server.heard == [[b"1\r\n"], [b"1\r\n", b"2\r\n"]]
    assert (s.conversation.connections, s.conversation.resent) == (2, 1)


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        ([], "the server closed the connection"),
        ([RESET], "the connection broke: Connection reset by peer"),
        ([b"-ERR closing: why\r\n"], "the server says closing: why"),
    ],
)
def test_however_a_connection_is_lost_it_is_said_at_once(loss: list[Action], why: str) -> None:
    with scene([[GREET, HEAR, *loss], [GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    [outage] = s.named("no connection, trying again")
    assert outage["why"] == why
    assert 0 < outage["gives_up_in"] <= LONG.outage


def test_a_reply_that_does_not_come_is_asked_for_again_on_another_connection_only() -> None:
    silent: list[Action] = [GREET, UNTIL_GONE]
    answering: list[Action] = [GREET, HEAR, ONE, UNTIL_GONE]
    # On a busy machine it may take a few.
    with scene(chain([silent], repeat(answering)), LONG._replace(reply=0.05)) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    assert len(s.server.heard) > 1
    assert all(lines == [b"1\r\n"] for lines in s.server.heard)


def test_a_message_that_the_server_did_not_wait_for_counts_as_sent_once() -> None:
    with scene([[GREET, HEAR, ONE + b"-ERR idle: why\r\n"], [GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        s.conversation.say("1")
        s.conversation.say("2")
    assert s.server.heard == [[b"1\r\n"], [b"2\r\n"]]
    assert (s.conversation.connections, s.conversation.resent) == (2, 0)


def test_a_full_server_is_tried_again() -> None:
    with scene([[b"-ERR busy: full\r\n"], [], [GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    assert (s.conversation.connections, s.conversation.resent) == (3, 0)


def test_after_a_message_that_is_not_utf_8_the_connection_goes_on() -> None:
    with scene([[GREET, HEAR, b"-ERR utf8: why\r\n", HEAR, TWO, UNTIL_GONE]]) as s:
        with pytest.raises(Unanswered, match="utf8: why") as end:
            s.conversation.say(b"\xff".decode(errors="surrogateescape"))
        assert end.value.outcome is Outcome.REFUSED
        assert s.conversation.say("2") == Reply("T-1", "two")
    assert s.server.heard == [[b"\xff\r\n", b"2\r\n"]]


def test_after_a_message_that_is_too_long_the_next_one_has_a_new_connection() -> None:
    with scene([[GREET, HEAR, b"-ERR too-long: why\r\n"], [GREET, HEAR, TWO, UNTIL_GONE]]) as s:
        with pytest.raises(Unanswered, match="too-long: why") as end:
            s.conversation.say("x" * 9000)
        assert end.value.outcome is Outcome.REFUSED
        assert s.conversation.say("2") == Reply("T-1", "two")
    assert s.server.heard[1] == [b"2\r\n"]
    assert not s.named("no connection, trying again")


def test_a_server_that_greets_and_hangs_up_is_not_tried_for_ever() -> None:
    with (
        scene(repeat([GREET, HEAR]), LONG._replace(outage=0.2)) as s,
        pytest.raises(Unanswered, match=r"gave up after 0.2 s: the server closed") as end,
    ):
        s.conversation.say("1")
    assert end.value.outcome is Outcome.UNKNOWN
    assert len(s.server.heard) > 1
    assert s.conversation.resent == len(s.server.heard) - 1


def test_a_server_that_is_not_there_is_told_with_its_address() -> None:
    with (
        scene([], LONG._replace(outage=0.1)) as s,
        pytest.raises(Unanswered, match=f"{s.server.address} refused the connection") as end,
    ):
        s.conversation.say("1")
    assert end.value.outcome is Outcome.NOT_SENT
    assert s.conversation.connections == 0


def test_waiting_for_the_greeting_is_no_outage_and_a_signal_ends_it() -> None:
    patience = LONG._replace(outage=0)
    with scene([[sigterm, UNTIL_GONE]], patience) as s, pytest.raises(Stopped):
        s.conversation.say("1")
    assert s.server.heard == [[]]
    assert not s.named("no connection, trying again")


def test_a_signal_lets_the_message_in_hand_be_answered() -> None:
    with scene([[GREET, HEAR, sigterm, ONE, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
        assert s.stop.is_set()


def test_a_signal_ends_the_reconnecting_at_once() -> None:
    with scene([[GREET, HEAR, sigterm]]) as s:
        with pytest.raises(Unanswered, match="stopped: the server closed") as end:
            s.conversation.say("1")
        assert end.value.outcome is Outcome.UNKNOWN


def test_a_server_of_another_kind_is_not_tried_again() -> None:
    with scene([[b"220 smtp.example ESMTP\r\n", UNTIL_GONE]]) as s:
        with pytest.raises(Unanswered, match="is not a Thread Lanes server") as end:
            s.conversation.say("1")
        assert end.value.outcome is Outcome.NOT_SENT


def test_one_reply_too_many_is_found_before_the_next_message() -> None:
    with scene([[GREET, HEAR, ONE + TWO, UNTIL_GONE]]) as s:
        s.conversation.say("1")
        with pytest.raises(Unanswered, match="answered unasked: 'two'") as end:
            s.conversation.say("2")
        assert end.value.outcome is Outcome.NOT_SENT
    assert s.server.heard == [[b"1\r\n"]]


def test_one_reply_too_many_is_found_at_the_end() -> None:
    with scene([[GREET, HEAR, ONE + TWO, UNTIL_GONE]]) as s:
        s.conversation.say("1")
        assert not s.conversation.finish()
    [violation] = s.named("violation")
    assert violation["why"] == "the server answered unasked: 'two'"


def test_a_server_may_leave_first_at_the_end() -> None:
    with scene([[GREET, HEAR, ONE + b"-ERR closing: why\r\n"]]) as s:
        s.conversation.say("1")
        assert s.conversation.finish()
        assert s.conversation.finish(), "a conversation can end twice"


def test_a_message_of_two_lines_is_refused_and_harms_nobody() -> None:
    with scene([[GREET, HEAR, TWO, UNTIL_GONE]]) as s:
        with pytest.raises(Unanswered, match="unsendable"):
            s.conversation.say("one\ntwo")
        assert s.conversation.say("2") == Reply("T-1", "two")


def test_in_the_handouts_dialect_nobody_greets_and_a_chunk_is_a_reply() -> None:
    with scene([[CHUNK, b"Today", CHUNK], [CHUNK, b"Today", UNTIL_GONE]], protocol="handout") as s:
        assert s.conversation.say("1") == Reply(None, "Today")
        assert s.conversation.say("2") == Reply(None, "Today")
        assert s.conversation.finish()
    assert s.server.heard == [[b"1", b"2"], [b"2"]]
    assert "waiting_for" not in s.events[0]
    assert s.conversation.resent == 1


def test_why_a_message_is_too_long_is_read_though_the_server_stops_reading_it() -> None:
    with (
        scene([[GREET, CHUNK, b"-ERR too-long: why\r\n"]]) as s,
        pytest.raises(Unanswered, match="too-long: why"),
    ):
        s.conversation.say("x" * 10_000_000)
    assert s.conversation.connections == 1
