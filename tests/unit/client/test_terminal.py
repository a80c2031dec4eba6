"""A person, who is told lines and asked for lines."""

import pytest

from client.signals import StopSignal
from tests.kit.keyboard import typing


@pytest.mark.parametrize(
    ("keys", "answers", "seen"),
    [
        ("y\nGrüße \r\n\nn\n".encode(), ["y", "Grüße ", "", "n"], "? ? ? ? "),
        (b"y", ["y", None, None], "? ? \n? \n"),  # the last line needs no end, and then it is over
        (b"\xff\n", ["\udcff"], "? "),  # the server judges what is not UTF-8
    ],
)
def test_an_answer_is_a_line_without_its_end(
    stop: StopSignal, keys: bytes, answers: list[str | None], seen: str
) -> None:
    with typing(keys, stop) as (terminal, screen):
        assert [terminal.ask("? ") for _ in answers] == answers
    assert screen.getvalue() == seen


def test_what_a_terminal_would_obey_is_escaped(stop: StopSignal) -> None:
    with typing(b"", stop) as (terminal, screen):
        terminal.tell("Grüße\x1b[2J\n\x7f\u2028\u202e")
    assert screen.getvalue() == "Grüße\\x1b[2J\\n\\x7f\\u2028\\u202e\n"
