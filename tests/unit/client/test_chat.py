"""`chat`: the original lab's client, at a terminal of its own."""

import io
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest

import client
from tests.kit.fake_server import CHUNK, GREET, HEAR, UNTIL_GONE, Action, FakeServer
from tests.kit.waiting import SECONDS

TODAY = "Today we will learn about Multithreading with Socket programming"
ANSWER = f"+OK T-1: {TODAY}\r\n".encode()
HEY = b"Hey Server!!! What will we do in today's lab????"
RECEIVED = f"Received from the server : {TODAY}\r\n"
QUESTION = "\r\nDo you want to continue(y/n) :"
BYE = "Bye Server\r\n"

# pexpect forks, which Python 3.12 and later warn of where there are threads; it execs at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


class Chat:
    """`python -m client chat` at a terminal, and what stands on its screen."""

    def __init__(self, server: FakeServer, *options: str) -> None:
        self.server = server
        self._screen = io.StringIO()
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "client", "chat", "--server", str(server.address), *options],
            cwd=str(Path(client.__file__).parents[1]),
            encoding="utf-8",
            timeout=SECONDS,
        )
        self.child.logfile_read = self._screen

    def answer(self, question: str, answer: str) -> None:
        self.child.expect_exact(question)
        self.child.sendline(answer)

    def end(self) -> tuple[str, int | None]:
        """The whole screen and the exit code, once the program has ended."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self._screen.getvalue(), self.child.exitstatus


@pytest.fixture
def start() -> Iterator[Callable[..., Chat]]:
    with ExitStack() as stack:

        def start(connections: list[list[Action]], *options: str) -> Chat:
            server = stack.enter_context(FakeServer(connections))
            chat = Chat(server, *options)
            stack.callback(chat.child.close, force=True)
            return chat

        yield start


def test_it_is_the_handouts_conversation_word_for_word(start: Callable[..., Chat]) -> None:
    chat = start([[GREET, HEAR, ANSWER, HEAR, ANSWER, UNTIL_GONE]])
    chat.answer(QUESTION, "y")
    chat.answer(QUESTION, "n")
    assert chat.end() == (
        RECEIVED + QUESTION + "y\r\n" + RECEIVED + QUESTION + "n\r\n" + BYE,
        0,
    )
    assert chat.server.heard == [[HEY + b"\r\n"] * 2]


def test_it_speaks_the_handouts_dialect_too(start: Callable[..., Chat]) -> None:
    chat = start([[CHUNK, TODAY.encode(), UNTIL_GONE]], "--protocol", "handout")
    chat.answer(QUESTION, "n")
    assert chat.end() == (RECEIVED + QUESTION + "n\r\n" + BYE, 0)
    assert chat.server.heard == [[HEY]]


@pytest.mark.parametrize("key", ["d", "c"])
def test_control_d_and_control_c_say_goodbye(start: Callable[..., Chat], key: str) -> None:
    chat = start([[GREET, HEAR, ANSWER, UNTIL_GONE]])
    chat.child.expect_exact(QUESTION)
    chat.child.sendcontrol(key)
    screen, code = chat.end()
    echo = {"d": "", "c": "^C"}[key]
    assert (screen, code) == (RECEIVED + QUESTION + echo + "\r\n" + BYE, 0)


def test_the_person_may_type_the_messages(start: Callable[..., Chat]) -> None:
    chat = start([[GREET, HEAR, b"+OK T-1: eins\r\n", HEAR, ANSWER, UNTIL_GONE]], "--ask")
    chat.answer("Message: ", "Grüße")
    chat.answer(QUESTION, "y")
    chat.answer("Message: ", "")
    chat.answer(QUESTION, "no")
    screen, code = chat.end()
    assert screen.startswith("Message: Grüße\r\nReceived from the server : eins\r\n")
    assert (screen.endswith(QUESTION + "no\r\n" + BYE), code) == (True, 0)
    assert chat.server.heard == [["Grüße\r\n".encode(), b"\r\n"]]


def test_instead_of_a_message_the_person_may_leave(start: Callable[..., Chat]) -> None:
    chat = start([], "--ask")
    chat.child.expect_exact("Message: ")
    chat.child.sendeof()
    assert chat.end() == ("Message: \r\n" + BYE, 0)


def test_a_refusal_is_one_line_and_the_chat_goes_on(start: Callable[..., Chat]) -> None:
    chat = start([[GREET, HEAR, b"-ERR utf8: why\x1b\r\n", HEAR, ANSWER, UNTIL_GONE]])
    chat.child.expect(r"error: not answered outcome=refused why='utf8: why\\x1b'\r\n")
    chat.answer(QUESTION, "y")
    chat.answer(QUESTION, "n")
    assert chat.end()[1] == 0


def test_text_from_the_server_does_not_command_the_terminal(start: Callable[..., Chat]) -> None:
    chat = start([[GREET, HEAR, b"+OK T-1: \x1b[2J\r\n", UNTIL_GONE]])
    chat.answer(QUESTION, "n")
    assert chat.end()[0].startswith("Received from the server : \\x1b[2J\r\n")


def test_a_signal_lets_the_message_in_hand_be_answered(start: Callable[..., Chat]) -> None:
    def interrupt() -> None:
        chat.child.kill(signal.SIGTERM)

    chat = start([[GREET, HEAR, interrupt, ANSWER, UNTIL_GONE]])
    assert chat.end() == (RECEIVED + BYE, 0)


def test_a_signal_ends_the_wait_for_a_thread(start: Callable[..., Chat]) -> None:
    def interrupt() -> None:
        chat.child.kill(signal.SIGTERM)

    chat = start([[interrupt, UNTIL_GONE]])
    assert chat.end() == (BYE, 0)


def test_a_server_of_another_kind_is_one_line_and_exit_code_1(start: Callable[..., Chat]) -> None:
    chat = start([[b"220 smtp.example ESMTP\r\n", UNTIL_GONE]])
    screen, code = chat.end()
    assert (screen.count("\n"), code) == (1, 1)
    assert "error: not answered outcome='not sent' why=" in screen
    assert "it greeted with '220 smtp.example ESMTP'; is the port right?" in screen
