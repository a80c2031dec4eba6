"""A person, who is told lines and asked for lines."""

import io
import os
import signal
from collections.abc import Iterator

import pytest

from client.stop import StopSignal
from client.terminal import Terminal


class Person:
    def __init__(self, stop: StopSignal) -> None:
        source, self.keyboard = os.pipe()
        self.source = source
        self.screen = io.StringIO()
        self.terminal = Terminal(source, self.screen, stop)

    def types(self, keys: bytes) -> None:
        os.write(self.keyboard, keys)

    def leaves(self) -> None:
        os.close(self.keyboard)


@pytest.fixture
def person() -> Iterator[Person]:
    with StopSignal() as stop:
        person = Person(stop)
        yield person
        os.close(person.source)


def test_an_answer_is_a_line_without_its_end(person: Person) -> None:
    person.types(b"y\nGr\xc3\xbc\xc3\x9fe \r\n\nn\n")
    person.leaves()
    assert [person.terminal.ask("? ") for _ in range(4)] == ["y", "Grüße ", "", "n"]
    assert person.screen.getvalue() == "? " * 4


def test_at_the_end_of_input_the_last_line_counts_and_then_there_is_none(person: Person) -> None:
    person.types(b"y")
    person.leaves()
    assert [person.terminal.ask("? ") for _ in range(3)] == ["y", None, None]
    assert person.screen.getvalue() == "? ? \n? \n"


def test_a_signal_ends_the_wait_for_an_answer(person: Person) -> None:
    person.types(b"not yet a li")
    signal.raise_signal(signal.SIGINT)
    assert person.terminal.ask("? ") is None
    assert person.screen.getvalue() == "? \n"
    person.leaves()


def test_what_is_not_utf_8_is_kept_for_the_server_to_judge(person: Person) -> None:
    person.types(b"\xff\n")
    person.leaves()
    answer = person.terminal.ask("? ")
    assert answer is not None
    assert answer.encode(errors="surrogateescape") == b"\xff"


def test_what_a_terminal_would_obey_is_escaped(person: Person) -> None:
    person.terminal.tell("Grüße\x1b[2J\n\x7f\u2028\u202e")
    assert person.screen.getvalue() == "Grüße\\x1b[2J\\n\\x7f\\u2028\\u202e\n"
    person.leaves()
