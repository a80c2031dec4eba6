"""`run`: play a script, log each reply with the thread that served it, sum up."""

import time
from collections.abc import Mapping
from itertools import repeat

import pytest

from client.run import run
from client.script import Message, Pause
from tests.kit.fake_server import GREET, HEAR, LONG, ONE, TWO, UNTIL_GONE, Action, scene, sigterm

A, B = Message("a"), Message("b")


def outcomes(summary: Mapping[str, int]) -> dict[str, int]:
    names = ("messages", "answered", "refused", "unknown", "not_sent")
    return {name: summary[name] for name in names if summary[name]}


def test_a_script_is_played_as_often_as_asked_and_each_reply_is_a_line() -> None:
    with scene([[GREET, *(HEAR, ONE, HEAR, TWO) * 2, UNTIL_GONE]]) as s:
        began = time.monotonic()
        assert run([A, Pause(0.05), B], 2, s.conversation, s.stop, s.log)
        assert time.monotonic() - began >= 0.1
    assert s.server.heard == [[b"a\r\n", b"b\r\n"] * 2]
    texts = enumerate(["one", "two"] * 2, 1)
    replies = [(e["number"], e["thread"], e["text"]) for e in s.named("reply")]
    assert replies == [(number, "T-1", text) for number, text in texts]
    assert outcomes(*s.named("summary")) == {"messages": 4, "answered": 4}
    assert s.named("summary")[0]["threads"] == ["T-1"]


def test_after_a_refusal_the_script_goes_on_but_counts_as_failed() -> None:
    with scene([[GREET, HEAR, b"-ERR utf8: why\r\n", HEAR, TWO, UNTIL_GONE]]) as s:
        assert not run([A, B], 1, s.conversation, s.stop, s.log)
    assert outcomes(*s.named("summary")) == {"messages": 2, "answered": 1, "refused": 1}
    assert [e["number"] for e in s.named("reply")] == [2]


def test_a_server_that_only_greets_is_given_up_and_what_is_left_is_listed() -> None:
    with scene(repeat([GREET, HEAR]), LONG._replace(outage=0.1)) as s:
        assert not run([A, Pause(3600), B], 2, s.conversation, s.stop, s.log)
    assert len(s.server.heard) > 1
    assert s.conversation.resent == len(s.server.heard) - 1
    assert outcomes(*s.named("summary")) == {"messages": 4, "unknown": 1, "not_sent": 3}
    unknown, *rest = s.named("not answered")
    assert unknown["why"] == "gave up after 0.1 s: the server closed the connection"
    assert [(e["message"], e["outcome"]) for e in rest] == [(one, "not sent") for one in "bab"]


def test_giving_up_an_endless_script_lists_nothing_as_left() -> None:
    with scene([], LONG._replace(outage=0)) as s:
        assert not run([A, B], None, s.conversation, s.stop, s.log)
    assert outcomes(*s.named("summary")) == {"messages": 1, "not_sent": 1}


def test_an_extra_reply_at_the_end_counts_as_failed() -> None:
    with scene([[GREET, HEAR, ONE + TWO, UNTIL_GONE]]) as s:
        assert not run([A], 1, s.conversation, s.stop, s.log)
    assert outcomes(*s.named("summary")) == {"messages": 1, "answered": 1}
    [violation] = s.named("violation")
    assert violation["why"] == "the server sent an unsolicited reply: 'two'"


@pytest.mark.parametrize(
    ("served", "result"),
    [
        ([sigterm, UNTIL_GONE], {}),
        ([GREET, HEAR, sigterm, ONE, UNTIL_GONE], {"messages": 1, "answered": 1}),
        ([GREET, HEAR, ONE, sigterm, UNTIL_GONE], {"messages": 1, "answered": 1}),
        ([GREET, HEAR, sigterm], {"messages": 1, "unknown": 1}),
    ],
    ids=["before the greeting", "before the reply", "in a pause", "before the connection is lost"],
)
def test_a_signal_lets_only_the_message_in_hand_finish(
    served: list[Action], result: dict[str, int]
) -> None:
    with scene([served]) as s:
        well = run([A, Pause(3600), B], 2, s.conversation, s.stop, s.log)
    assert well == ("unknown" not in result)
    assert outcomes(*s.named("summary")) == result
    assert s.server.heard == ([[]] if not result else [[b"a\r\n"]])
