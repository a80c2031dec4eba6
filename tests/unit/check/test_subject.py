"""The server that is checked: found once, called often, never waited for too long."""

import socket
import threading
from contextlib import ExitStack, suppress
from typing import ClassVar, Self

import pytest

from client.address import Address
from client.check.failure import Failed, Gone, OutOfTime
from client.check.subject import Subject, Unreachable
from client.dialect import DIALECTS
from client.stop import StopSignal
from tests.kit.fake_server import CHUNK, GREET, HEAR, UNTIL_GONE, Action, FakeServer
from tests.kit.waiting import SECONDS, wait_until
from tests.unit.check.subjects import end_time, subject


def find(server: Address, wait: float = 0) -> Subject:
    return Subject.find(server, DIALECTS["handout"], clients=2, many=2, timeout=1, wait=wait)


def nobody() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return Address(*free.getsockname())


def test_nobody_is_told_as_a_person_would_want_it() -> None:
    with pytest.raises(Unreachable, match="refused the connection: is the server running"):
        find(nobody())


def test_the_connection_by_which_it_was_found_is_the_first_callers() -> None:
    with subject([[CHUNK, b"Today", UNTIL_GONE]]) as found, found.call() as caller:
        assert caller.ask().text == "Today"


def test_it_is_seen_to_greet_and_the_greeting_is_still_there() -> None:
    with subject([[GREET, UNTIL_GONE]], protocol="lines") as found:
        assert found.greeting == GREET.decode()
        with found.call() as caller:
            assert caller.thread == "T-1"


def test_one_that_says_nothing_at_once_does_not_greet() -> None:
    with subject([[UNTIL_GONE]]) as found:
        assert found.greeting == ""


def test_one_that_speaks_first_is_heard_out_before_it_is_asked() -> None:
    polite: list[Action] = [b"Welcome!", CHUNK, b"Today", UNTIL_GONE]
    with subject([polite, polite]) as found:
        for _ in range(2):
            with found.call() as caller:
                assert caller.ask().text == "Today"


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


def test_a_connection_that_does_not_come_about_is_tried_anew_and_then_missed() -> None:
    with FullQueue() as server:
        found = find(server.address)
        found.connect().leave()
        server.fill()
        with pytest.raises(Failed, match=r"^no connection within 1 s$"):
            found.connect()
        assert not found.is_gone()


def test_who_empties_the_queue_soon_is_reached_soon() -> None:
    with FullQueue() as server, find(server.address) as found:
        found.connect().leave()
        server.fill()
        threading.Timer(0.1, server.empty).start()
        found.connect().leave()


def test_nothing_is_tried_when_the_time_for_all_is_over() -> None:
    with subject([[UNTIL_GONE]]) as found:
        found.connect().leave()
        end_time(found)
        with pytest.raises(OutOfTime):
            found.connect()


class FullQueue:
    """Listens, and accepts nobody: those who are connected, and one that is found, fill it."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.address = Address(*self._listener.getsockname())
        self._waiting: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (*self._waiting, self._listener):
            connection.close()

    def fill(self) -> None:
        while True:
            connection = socket.socket()
            connection.settimeout(0.1)
            try:
                connection.connect(self.address)
            except TimeoutError:
                connection.close()
                return
            self._waiting.append(connection)

    def empty(self) -> None:
        self._listener.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()


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
        find(late, wait=SECONDS).connect().leave()
    assert late.refused == [True]


def test_who_is_not_waited_for_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Late, "refused", [])
    with pytest.raises(Unreachable, match="not yet"):
        find(Late("127.0.0.1", 1))
