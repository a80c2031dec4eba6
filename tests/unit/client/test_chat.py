"""`chat`: the original lab's client, except the terminal itself."""

import pytest

from client.chat import chat
from tests.kit.fake_server import GREET, HEAR, UNTIL_GONE, Action, Scene, scene, sigterm
from tests.kit.keyboard import typing

TODAY = "Today we will learn about Multithreading with Socket programming"
ANSWER = f"+OK T-1: {TODAY}\r\n".encode()
RECEIVED = f"Received from the server : {TODAY}\n"
QUESTION = "\nDo you want to continue(y/n) :"
BYE = "Bye Server\n"


def chatted(s: Scene, keys: str, *, ask: bool = False) -> str:
    """Chat, assert that it ended well, and return the screen."""
    with typing(keys.encode(), s.stop) as (terminal, screen):
        assert chat(s.conversation, terminal, s.stop, s.log, ask=ask)
    return screen.getvalue()


def test_the_person_types_the_messages_and_may_leave_instead() -> None:
    with scene([[GREET, HEAR, b"+OK T-1: eins\r\n", HEAR, ANSWER, UNTIL_GONE]]) as s:
        screen = chatted(s, "Grüße\ny\n\ny\n", ask=True)
    assert screen.startswith(f"Message: Received from the server : eins\n{QUESTION}Message: ")
    assert screen.endswith(f"{QUESTION}Message: \n{BYE}")
    assert s.server.heard == [["Grüße\r\n".encode(), b"\r\n"]]


def test_a_refusal_is_one_line_and_the_chat_goes_on() -> None:
    with scene([[GREET, HEAR, b"-ERR utf8: why\r\n", HEAR, ANSWER, UNTIL_GONE]]) as s:
        assert chatted(s, "y\nn\n") == QUESTION + RECEIVED + QUESTION + BYE
    [refusal] = s.named("not answered")
    assert (refusal["outcome"], refusal["why"]) == ("refused", "utf8: why")


@pytest.mark.parametrize(
    ("served", "seen"),
    [([sigterm, UNTIL_GONE], BYE), ([GREET, HEAR, sigterm, ANSWER, UNTIL_GONE], RECEIVED + BYE)],
    ids=["before the greeting", "before the reply"],
)
def test_a_signal_says_goodbye_after_the_message_in_hand(served: list[Action], seen: str) -> None:
    with scene([served]) as s:
        assert chatted(s, "") == seen
