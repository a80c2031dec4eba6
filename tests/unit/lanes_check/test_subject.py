"""The server that is checked: found once, called often, never waited for too long."""

import socket
from contextlib import ExitStack

import pytest

from lanes.check.address import Address
from lanes.check.dialer import Dialer
from lanes.check.failure import Failed
from lanes.check.protocol import DIALECTS
from lanes.check.subject import Subject
from tests.kit.fake_server import CHUNK, GREET, HEAR, UNTIL_GONE, Action
from tests.kit.full_queue import FullQueue
from tests.kit.waiting import SECONDS
from tests.unit.lanes_check.subjects import subject


def find(server: Address, *, timeout: float = SECONDS, wait: float = 0) -> Subject:
    dialect = DIALECTS["handout"]
    return Subject(server, dialect, clients=2, many=2, timeout=timeout, wait=wait)


def test_a_missing_server_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setattr("lanes.check.dialer.time.sleep", lambda _: server.listen())
        find(Address(*server.getsockname()), wait=SECONDS).connect().leave()


def test_a_server_that_speaks_first_is_heard_out_before_it_is_asked() -> None:
    polite: list[Action] = [b"Welcome!", CHUNK, b"Today", UNTIL_GONE]
    with subject([polite, polite]) as found:
        assert found.greeting == "Welcome!"
        for _ in range(2):
            with found.call() as caller:
                assert caller.ask().text == "Today"


def test_a_caller_without_a_greeting_is_disconnected() -> None:
    refusing = subject([[b"-ERR busy: come again\r\n", UNTIL_GONE]], protocol="lines")
    refused = pytest.raises(Failed, match="the greeting: the server said -ERR busy")
    with refusing as found, refused:
        found.call()
    # The fake server saw its client hang up; otherwise it would fail with a time-out.


def test_the_failure_names_the_caller_among_those_that_stay() -> None:
    connections: list[list[Action]] = [[GREET, HEAR], [b"-ERR busy: come again\r\n"]]
    with subject(connections, protocol="lines") as found, ExitStack() as staying:
        callers = found.callers(staying, 2)
        next(callers).say("Hey")  # the fake server serves one client after the other
        with pytest.raises(Failed, match=r"client 2 of 2, with the earlier ones .*: the greeting"):
            next(callers)


def test_a_connection_that_does_not_come_is_a_failure() -> None:
    with FullQueue() as server, find(Address(*server.address), timeout=0.3) as found:
        found.connect().leave()
        server.fill()
        with pytest.raises(Failed, match=r"^no connection within 0.3 s$"):
            found.connect()
        assert not found.is_gone()


def test_a_connection_that_does_not_come_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[float] = []
    open_one = Dialer._open  # noqa: SLF001

    def try_one(dialer: Dialer, seconds: float) -> socket.socket:
        if tries:
            server.empty()
        tries.append(seconds)
        return open_one(dialer, seconds)

    with FullQueue() as server, find(Address(*server.address)) as found:
        found.connect().leave()
        server.fill()
        monkeypatch.setattr(Dialer, "_open", try_one)
        found.connect().leave()
    assert tries[:2] == [0.2, 0.4]  # the kernel retries only after a second
