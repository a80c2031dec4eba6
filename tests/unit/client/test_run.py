"""`run`: play a script, log each reply with the thread that served it, sum up."""

import time

from client.run import run
from client.script import Message, Pause
from tests.kit.fake_server import GREET, HEAR, LONG, UNTIL_GONE, Action, Scene, scene, sigterm

ONE, TWO = b"+OK T-1: one\r\n", b"+OK T-1: two\r\n"
A, B = Message("a"), Message("b")


def outcomes(s: Scene) -> dict[str, int]:
    [summary] = s.named("summary")
    names = ("messages", "answered", "refused", "unknown", "not_sent")
    return {name: summary[name] for name in names if summary[name]}


def test_each_reply_is_a_line_with_its_number_thread_and_text() -> None:
    with scene([[GREET, HEAR, ONE, HEAR, TWO, UNTIL_GONE]]) as s:
        assert run([A, Pause(0), B], 1, s.conversation, s.stop, s.log)
    assert [(e["number"], e["thread"], e["text"]) for e in s.named("reply")] == [
        (1, "T-1", "one"),
        (2, "T-1", "two"),
    ]
    assert outcomes(s) == {"messages": 2, "answered": 2}
    assert s.named("summary")[0]["threads"] == ["T-1"]


def test_a_pause_is_a_time_to_say_nothing() -> None:
    with scene([[GREET, HEAR, ONE, UNTIL_GONE]]) as s:
        began = time.monotonic()
        assert run([Pause(0.2), A], 1, s.conversation, s.stop, s.log)
        assert time.monotonic() - began >= 0.2


def test_a_script_is_played_as_often_as_asked() -> None:
    answers: list[Action] = [HEAR, ONE]
    with scene([[GREET, *answers * 6, UNTIL_GONE]]) as s:
        assert run([A, B], 3, s.conversation, s.stop, s.log)
    assert s.server.heard == [[b"a\r\n", b"b\r\n"] * 3]


def test_after_a_refusal_the_script_goes_on_but_all_is_not_well() -> None:
    with scene([[GREET, HEAR, b"-ERR utf8: why\r\n", HEAR, TWO, UNTIL_GONE]]) as s:
        assert not run([A, B], 1, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 2, "answered": 1, "refused": 1}
    assert [e["number"] for e in s.named("reply")] == [2]


def test_when_it_gives_up_all_that_is_left_is_listed_as_not_sent() -> None:
    with scene([[GREET, HEAR]], LONG._replace(outage=0)) as s:
        assert not run([A, Pause(3600), B], 2, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 4, "unknown": 1, "not_sent": 3}
    unknown, *rest = s.named("not answered")
    assert unknown["why"] == "gave up after 0 s: the server closed the connection"
    assert [(e["message"], e["outcome"]) for e in rest] == [
        ("b", "not sent"),
        ("a", "not sent"),
        ("b", "not sent"),
    ]


def test_when_it_gives_up_playing_for_ever_nothing_is_left_to_list() -> None:
    with scene([], LONG._replace(outage=0)) as s:
        assert not run([A, B], None, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 1, "not_sent": 1}


def test_a_reply_of_another_thread_ends_the_run() -> None:
    with scene([[GREET, HEAR, b"+OK T-2: one\r\n", UNTIL_GONE]]) as s:
        assert not run([A, B], 1, s.conversation, s.stop, s.log)
    unknown, _ = s.named("not answered")
    assert unknown["why"] == "T-1 greeted us, but T-2 replied"
    assert outcomes(s) == {"messages": 2, "unknown": 1, "not_sent": 1}


def test_one_reply_too_many_at_the_end_is_not_well() -> None:
    with scene([[GREET, HEAR, ONE + TWO, UNTIL_GONE]]) as s:
        assert not run([A], 1, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 1, "answered": 1}
    assert s.named("violation")


def test_a_signal_ends_it_after_the_message_in_hand() -> None:
    with scene([[GREET, HEAR, sigterm, ONE, UNTIL_GONE]]) as s:
        assert run([A, B], None, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 1, "answered": 1}
    assert s.server.heard == [[b"a\r\n"]]


def test_a_signal_ends_a_pause() -> None:
    with scene([[GREET, HEAR, ONE, sigterm, UNTIL_GONE]]) as s:
        assert run([A, Pause(3600), B], 1, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 1, "answered": 1}


def test_a_signal_ends_the_wait_for_a_greeting_and_nothing_is_amiss() -> None:
    with scene([[sigterm, UNTIL_GONE]]) as s:
        assert run([A, B], 1, s.conversation, s.stop, s.log)
    assert outcomes(s) == {}


def test_a_signal_while_what_was_sent_has_no_reply_is_not_well() -> None:
    with scene([[GREET, HEAR, sigterm]]) as s:
        assert not run([A, B], 1, s.conversation, s.stop, s.log)
    assert outcomes(s) == {"messages": 1, "unknown": 1}
