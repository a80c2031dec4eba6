"""The server that is checked: found once, called often, never waited for too long."""

import socket
from contextlib import ExitStack
from typing import ClassVar

import pytest

from client.address import Address
from client.check.caller import Failed
from client.check.subject import SECONDS, Gone, Subject
from client.stop import StopSignal
from tests.unit.checked import end_time, subject
from tests.unit.fake_server import CHUNK, GREET, HEAR, UNTIL_GONE, Action, FakeServer
from tests.unit.running import wait_until


def nobody() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Address(*free.getsockname())


def test_nobody_is_told_as_a_person_would_want_it() -> None:
    with pytest.raises(OSError, match="refused the connection: is the server running"):
        Subject.find(nobody(), protocol="handout", clients=2, timeout=1)


def test_the_connection_by_which_it_was_found_is_the_first_callers() -> None:
    with subject([[CHUNK, b"Today", UNTIL_GONE]]) as found, found.call() as caller:
        assert caller.ask().text == "Today"


def test_it_is_seen_to_greet_and_the_greeting_is_still_there() -> None:
    with subject([[GREET, UNTIL_GONE]], protocol="lines") as found:
        assert found.greeting() == GREET.decode()
        with found.call() as caller:
            assert caller.thread == "T-1"


def test_one_that_says_nothing_at_once_does_not_greet() -> None:
    with subject([[UNTIL_GONE]]) as found:
        assert found.greeting() == ""


def test_who_is_not_greeted_is_not_left_connected() -> None:
    refusing = subject([[b"-ERR busy: come again\r\n", UNTIL_GONE]], protocol="lines")
    refused = pytest.raises(Failed, match="the greeting: the server said -ERR busy")
    with refusing as found, refused:
        found.call()
    # The fake server has seen its client hang up: it would complain of waiting otherwise.


def test_one_that_listens_no_more_is_gone() -> None:
    with subject([[UNTIL_GONE]]) as found:
        found.connect().leave()
        wait_until(found.is_gone)  # the fake server closes its port when it has seen that
        with pytest.raises(Gone, match="the connection was refused"):
            found.connect()


def test_one_that_takes_connections_is_not_gone() -> None:
    with subject([[UNTIL_GONE], [UNTIL_GONE]]) as found:
        found.connect().leave()
        assert not found.is_gone()


def test_of_callers_who_stay_the_one_that_fails_is_named() -> None:
    connections: list[list[Action]] = [[GREET, HEAR], [b"-ERR busy: come again\r\n"]]
    with subject(connections, protocol="lines") as found, ExitStack() as staying:
        callers = found.callers(staying, 2)
        next(callers).say("Hey")  # the fake server serves one after the other
        with pytest.raises(Failed, match="client 2 of 2, while those before it stay: the greeting"):
            next(callers)


def test_no_wait_is_longer_than_what_is_left_for_all() -> None:
    with subject([[UNTIL_GONE]], timeout=10 * SECONDS) as found:
        assert SECONDS - 10 < found.patience() <= SECONDS
        end_time(found)
        with pytest.raises(Failed, match="not tried to its end: the 60 s for all checks are over"):
            found.patience()
        assert not found.is_gone()  # nobody has looked


class Late(Address):
    """Refuses the first to come, whatever is there."""

    refused: ClassVar[list[bool]] = []

    def connect(self, stop: StopSignal, seconds: float) -> socket.socket:
        if not self.refused:
            self.refused.append(True)
            raise OSError("not yet")
        return super().connect(stop, seconds)


def test_who_is_not_there_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Late, "refused", [])
    with FakeServer([[UNTIL_GONE]]) as server:
        late = Late(*server.address)
        Subject.find(late, protocol="handout", clients=2, timeout=1, wait=SECONDS).connect().leave()
    assert late.refused == [True]


def test_who_is_not_waited_for_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Late, "refused", [])
    with pytest.raises(OSError, match="not yet"):
        Subject.find(Late("127.0.0.1", 1), protocol="handout", clients=2, timeout=1)
