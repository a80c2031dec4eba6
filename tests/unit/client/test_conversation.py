"""Messages to one server, in order: each is sent until it has its one reply."""

import pytest

from client.delivery import Delivery, Outcome, Unanswered
from client.protocol import Reply
from tests.kit.fake_server import GREET, HEAR, LONG, ONE, RESET, TWO, UNTIL_GONE, Action, scene
from tests.kit.waiting import wait_until


def test_replies_come_in_order_over_one_connection_that_the_log_reports() -> None:
    with scene([[GREET, HEAR, ONE, HEAR, TWO, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
        assert s.conversation.say("2") == Reply("T-1", "two")
        assert s.conversation.finish()
    assert s.server.heard == [[b"1\r\n", b"2\r\n"]]
    assert (s.conversation.connections, s.conversation.resent) == (1, 0)
    connected, greeted = s.events
    assert (connected["event"], connected["server"]) == ("connected", str(s.server.address))
    assert connected["local"].startswith("127.0.0.1:")
    assert connected["waiting_for"] == "the greeting"
    assert (greeted["event"], greeted["thread"]) == ("greeted", "T-1")
    assert greeted["waited"] >= 0


def test_the_log_says_that_no_thread_has_greeted_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("client.conversation.AT_ONCE", 0.01)
    told = "connected, but no thread has greeted yet: waiting"
    with scene([[lambda: wait_until(lambda: s.named(told)), GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    assert s.events[-1]["event"] == "greeted"


def test_a_wait_for_a_thread_does_not_count_as_outage_but_a_hang_up_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    discounted: list[float] = []
    monkeypatch.setattr(Delivery, "discount", lambda _, seconds: discounted.append(seconds))
    hung_up: list[Action] = []
    busy: list[Action] = [b"-ERR busy: later\r\n", UNTIL_GONE]
    with scene([hung_up, busy, [GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
    assert len(discounted) == 2
    assert (s.conversation.connections, s.conversation.resent) == (3, 0)


@pytest.mark.parametrize(
    ("loss", "why"),
    [
        ([], "the server closed the connection"),
        ([ONE[:-1]], "the server closed the connection"),
        ([RESET], "the connection broke: Connection reset by peer"),
        ([b"-ERR closing: why\r\n"], "the server says closing: why"),
    ],
)
def test_however_a_connection_is_lost_a_message_has_one_reply(loss: list[Action], why: str) -> None:
    with scene([[GREET, HEAR, *loss], [GREET, HEAR, ONE, HEAR, TWO, UNTIL_GONE]]) as s:
        assert s.conversation.say("1") == Reply("T-1", "one")
        assert s.conversation.say("2") == Reply("T-1", "two")
        assert s.conversation.finish()
    assert s.server.heard == [[b"1\r\n"], [b"1\r\n", b"2\r\n"]]
    assert (s.conversation.connections, s.conversation.resent) == (2, 1)
    [outage] = s.named("no connection, trying again")
    assert outage["why"] == why
    assert 0 < outage["gives_up_in"] <= LONG.outage


def test_a_message_that_met_a_closed_connection_counts_as_sent_once() -> None:
    with scene([[GREET, HEAR, ONE + b"-ERR idle: why\r\n"], [GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        s.conversation.say("1")
        s.conversation.say("2")
    assert s.server.heard == [[b"1\r\n"], [b"2\r\n"]]
    assert (s.conversation.connections, s.conversation.resent) == (2, 0)


def test_an_extra_reply_is_found_before_the_next_message() -> None:
    with scene([[GREET, HEAR, ONE + TWO, UNTIL_GONE]]) as s:
        s.conversation.say("1")
        with pytest.raises(Unanswered, match="sent an unsolicited reply: 'two'") as end:
            s.conversation.say("2")
        assert end.value.outcome is Outcome.NOT_SENT
    assert s.server.heard == [[b"1\r\n"]]


def test_a_server_may_leave_first_at_the_end() -> None:
    with scene([[GREET, HEAR, ONE + b"-ERR closing: why\r\n"]]) as s:
        s.conversation.say("1")
        assert s.conversation.finish()
        assert s.conversation.finish(), "a conversation can end twice"
