"""The client and the server agree, though neither package imports the other."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client import connection
from client.address import Address
from client.conversation import Conversation, Patience
from client.delivery import Outcome, Unanswered
from client.log import Log
from client.protocol import DIALECTS, Complaint, Lines, Reply
from client.signals import StopSignal
from server.chat import protocol
from tests.kit.running_server import RunningServer, StartServer


def talk(server: RunningServer, stop: StopSignal, dialect: str = "lines") -> Conversation:
    address, log = Address.parse(server.address), Log(io.StringIO(), "json")
    return Conversation(address, DIALECTS[dialect], Patience(), stop, log)


@pytest.mark.parametrize(("dialect", "thread"), [("lines", "Thread-1"), ("handout", None)])
def test_the_client_reads_the_reply_and_the_thread_if_the_dialect_names_it(
    start_server: StartServer, dialect: str, thread: str | None
) -> None:
    server = start_server(protocol=dialect)
    with StopSignal() as stop, talk(server, stop, dialect) as conversation:
        assert conversation.say("Hey") == Reply(thread, protocol.ANSWER)
        assert conversation.finish()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n")))
def test_the_server_understands_whatever_the_client_may_send(text: str) -> None:
    assert protocol.Lines("Thread-1").receive(Lines().encode(text)) == [text]


@pytest.mark.parametrize("code", protocol.ERRORS)
def test_the_client_understands_every_error_of_the_server(code: str) -> None:
    lines = Lines()
    lines.feed(protocol.Lines.error(code))
    assert lines.take() == Complaint(code, protocol.ERRORS[code])


def test_the_client_tries_again_after_all_errors_except_those_of_the_message() -> None:
    assert set(protocol.ERRORS) - connection.TRY_AGAIN == {"utf8", "too-long"}


def test_after_a_refusal_a_new_connection_is_made_only_if_needed(start_server: StartServer) -> None:
    too_long = "x" * (protocol.MAX_LINE + 1)
    with StopSignal() as stop, talk(start_server(), stop) as conversation:
        for message, connections in ((too_long, 1), ("\udcff", 2), ("1\n2", 2)):
            with pytest.raises(Unanswered) as refusal:
                conversation.say(message)
            assert refusal.value.outcome is Outcome.REFUSED
            assert conversation.connections == connections
        assert conversation.say("Hey").text == protocol.ANSWER
        assert (conversation.connections, conversation.resent) == (2, 0)
