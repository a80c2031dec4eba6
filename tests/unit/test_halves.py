"""The two halves agree, though neither imports the other: the client talks to the server."""

from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from client import connection
from client.address import Address
from client.conversation import Conversation, Patience
from client.delivery import Outcome, Unanswered
from client.dialect import DIALECTS, Complaint, Lines, Reply
from client.stop import StopSignal
from server import protocol
from server.models import Model, OneLock, Pool, ThreadPerClient
from tests.kit.running_server import RunningServer

Talk = Callable[..., Conversation]


@pytest.fixture
def talk() -> Iterator[Talk]:
    with StopSignal() as stop:

        def talk(server: RunningServer, dialect: str = "lines") -> Conversation:
            address = Address.parse(server.address)
            log = structlog.get_logger()
            return Conversation(address, DIALECTS[dialect], Patience(), stop, log)

        yield talk


@pytest.mark.parametrize(
    ("build", "thread"),
    [(ThreadPerClient, "Thread-1"), (lambda: Pool(1), "Worker-1"), (OneLock, "Thread-1")],
)
def test_the_client_learns_which_thread_serves_it(
    start_server: Callable[..., RunningServer],
    talk: Talk,
    build: Callable[[], Model],
    thread: str,
) -> None:
    with talk(start_server(model=build())) as conversation:
        assert conversation.say("Hey") == Reply(thread, protocol.ANSWER)
        assert conversation.finish()


def test_the_handouts_dialect_is_the_same_in_both(
    start_server: Callable[..., RunningServer], talk: Talk
) -> None:
    with talk(start_server(protocol="handout"), "handout") as conversation:
        assert conversation.say("Hey") == Reply(None, protocol.ANSWER)


def test_the_server_understands_whatever_the_client_may_send() -> None:
    @given(st.text(st.characters(codec="utf-8", exclude_characters="\n")))
    def every_text_arrives_as_it_is(text: str) -> None:
        assert protocol.Lines("Thread-1").receive(Lines().encode(text)) == [text]

    every_text_arrives_as_it_is()


@pytest.mark.parametrize("code", protocol.ERRORS)
def test_the_client_understands_every_error_of_the_server(code: str) -> None:
    lines = Lines()
    lines.feed(protocol.Lines.error(code))
    assert lines.take() == Complaint(code, protocol.ERRORS[code])


def test_the_client_tries_again_after_all_errors_but_those_of_the_message() -> None:
    assert set(protocol.ERRORS) - connection.TRY_AGAIN == {"utf8", "too-long"}


def test_after_a_refusal_the_conversation_goes_on_over_a_new_connection_only_if_it_has_to(
    start_server: Callable[..., RunningServer], talk: Talk
) -> None:
    too_long = "x" * (protocol.MAX_LINE + 1)
    with talk(start_server()) as conversation:
        for message, connections in ((too_long, 1), ("\udcff", 2), ("1\n2", 2)):
            with pytest.raises(Unanswered) as refusal:
                conversation.say(message)
            assert refusal.value.outcome is Outcome.REFUSED
            assert conversation.connections == connections
        assert conversation.say("Hey").text == protocol.ANSWER
        assert (conversation.connections, conversation.resent) == (2, 0)
