"""A person at a terminal, who reads lines and types lines."""

from contextlib import ExitStack

import pytest

from client.signals import StopSignal
from client.terminal import passed_on
from tests.kit.keyboard import typing


@pytest.mark.parametrize(
    ("keys", "answers", "seen"),
    [
        ("y\nGrüße \r\n\nn\n".encode(), ["y", "Grüße ", "", "n"], "? ? ? ? "),
        (b"y", ["y", None, None], "? ? \n? \n"),  # no line end needed; then the input is over
        (b"\xff\n", ["\udcff"], "? "),  # not UTF-8: left for the server to judge
    ],
)
def test_an_answer_is_a_line_without_its_end(
    stop: StopSignal, keys: bytes, answers: list[str | None], seen: str
) -> None:
    with typing(keys, stop) as (terminal, screen):
        assert [terminal.ask("? ") for _ in answers] == answers
    assert screen.getvalue() == seen


def test_control_sequences_are_escaped(stop: StopSignal) -> None:
    with typing(b"", stop) as (terminal, screen):
        terminal.tell("Grüße\x1b[2J\n\x7f\u2028\u202e")
    assert screen.getvalue() == "Grüße\\x1b[2J\\n\\x7f\\u2028\\u202e\n"


def test_a_thread_reads_a_keyboard_that_cannot_be_waited_for(
    stop: StopSignal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as closing:
        own = lambda source: closing.enter_context(passed_on(source))  # noqa: E731
        monkeypatch.setattr("client.terminal.passed_on", own)
        monkeypatch.setattr("client.terminal.ON_WINDOWS", True)
        with typing(b"y\nn", stop) as (terminal, screen):
            assert [terminal.ask("? ") for _ in range(3)] == ["y", "n", None]
    assert screen.getvalue() == "? ? ? \n"
