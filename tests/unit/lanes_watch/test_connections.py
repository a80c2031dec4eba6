"""A server's connections, listed rarely and read often: real connections."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress

import pytest

from lanes.watch import connections
from lanes.watch.connections import Connections
from lanes.watch.evidence import Doing, Look
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.sockets import Connection, Sockets
from tests.kit.meeting import Meeting, inode
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until

T = ThreadId(1, 2)
TICK = 10  # milliseconds: the longest kernel tick
NOBODY: Look = {ThreadId(1, 1): Doing("accepts")}  # no thread serves a client


class Known(Meeting):
    """A meeting in this process, and what is known about its connections."""

    def __init__(self) -> None:
        super().__init__()
        self.processes = self.stack.enter_context(closing(Processes([os.getpid()])))
        self.connections = Connections(self.sockets, self.processes)

    def ages(self) -> list[int]:
        """The ages of the connections in the backlog."""
        return [one.age for one in self.all() if not one.inode]

    def read(self, look: Look = NOBODY) -> list[Connection]:
        return list(self.connections.read(look, {self.port}).values())


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Known]:
    """A meeting that lists connections only on a sign of a new one, and reads them at each look."""
    monkeypatch.setattr(connections, "LIST", 600.0)
    monkeypatch.setattr(connections, "COUNTERS", 0.0)
    monkeypatch.setattr(connections, "SHARE", 1e6)
    with Known() as meeting:
        yield meeting


def test_many_connections_are_listed_instead_of_looked_up(
    meeting: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MANY", 2)
    clients = [meeting.connect() for _ in range(2)]
    wait_until(lambda: len(meeting.read()) == 2)
    for _ in clients:
        meeting.accept()
    meeting.read()
    monkeypatch.setattr(Sockets, "look_up", None)  # a call would fail
    clients[0].sendall(b"!")
    wait_until(lambda: sorted(one.segments for one in meeting.read()) == [0, 1])
    assert meeting.connections.read(NOBODY, {meeting.port}) is meeting.connections.read(
        NOBODY, {meeting.port}
    )


def test_a_connection_missing_from_the_kernels_list_is_not_closed(
    meeting: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting.connect()
    wait_until(lambda: len(meeting.read()) == 1)
    accepted = meeting.accept()
    assert [one.inode for one in meeting.read()] == [inode(accepted)]
    monkeypatch.setattr(Sockets, "connections", lambda *_: [])
    monkeypatch.setattr(connections, "LIST", 0.0)
    assert [one.inode for one in meeting.read()] == [inode(accepted)]


def test_connections_found_together_are_sorted_by_descriptor(meeting: Known) -> None:
    accepted = []
    for _ in range(3):
        meeting.connect()
        accepted.append(meeting.accept())
    first, _, last = (one.fileno() for one in accepted)
    spare = os.dup(first)  # swap the first and the last
    os.dup2(last, first)
    os.dup2(spare, last)
    os.close(spare)
    found = meeting.read({T: Doing("running")})
    assert [one.inode for one in found] == [inode(one) for one in accepted]


def test_connections_in_the_backlog_come_last_by_age(meeting: Known) -> None:
    meeting.connect()
    accepted = meeting.accept()
    clients = []
    for _ in range(5):
        clients.append(meeting.connect())
        wait_until(lambda: min(meeting.ages(), default=0) > TICK)
    found = meeting.read({T: Doing("running")})
    peers = ["{}:{}".format(*one.getsockname()) for one in clients]
    assert [one.peer for one in found if not one.inode] == peers
    assert found[0].inode == inode(accepted)


def test_a_connection_is_known_as_soon_as_it_waits_and_is_accepted(meeting: Known) -> None:
    assert meeting.read() == []
    meeting.connect()
    wait_until(lambda: [one.inode for one in meeting.read()] == [0])
    accepted = meeting.accept()
    assert [one.inode for one in meeting.read()] == [inode(accepted)]


def test_a_connection_is_known_as_soon_as_a_thread_serves_it(meeting: Known) -> None:
    assert meeting.read() == []
    meeting.connect()
    accepted = meeting.accept()
    assert meeting.read() == []
    serves: Look = {T: Doing("reads", frozenset({inode(accepted)}), alone=True)}
    meeting.read({T: Doing("locks")})  # a new thread is also a sign: there may be more
    assert [one.inode for one in meeting.read(serves)] == [inode(accepted)]


def test_a_new_thread_is_a_sign_of_a_new_connection(meeting: Known) -> None:
    assert meeting.read() == []
    meeting.connect()
    meeting.accept()
    assert len(meeting.read({T: Doing("locks")})) == 1


def test_a_thread_that_waits_for_something_else_is_no_sign(
    meeting: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger: Look = {T: Doing("reads", frozenset({1}), alone=True)}
    meeting.read(stranger)
    meeting.connect()
    meeting.accept()
    assert meeting.read(stranger) == []
    monkeypatch.setattr(connections, "LIST", 0.0)
    assert len(meeting.read(stranger)) == 1


def test_a_closed_connection_is_gone(meeting: Known) -> None:
    meeting.connect()
    accepted = meeting.accept()
    wait_until(lambda: len(meeting.read({T: Doing("running")})) == 1)
    accepted.close()
    assert meeting.read({T: Doing("running")}) == []


def test_the_counters_of_a_connection_are_read_at_each_look(meeting: Known) -> None:
    client = meeting.connect()
    meeting.accept()
    meeting.read({T: Doing("running")})
    client.sendall(b"hello")
    [seen] = meeting.read({T: Doing("running")})
    assert (seen.segments, seen.unread, seen.pending) == (1, 5, True)


def test_while_no_thread_runs_connections_that_threads_wait_for_are_not_read(
    meeting: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting.connect()
    served = inode(meeting.accept())
    meeting.connect()
    other = inode(meeting.accept())
    look: Look = {T: Doing("reads", frozenset({served}), alone=True)}
    wait_until(lambda: len(meeting.read(look)) == 2)
    asked = []

    def look_up(_: Sockets, these: Iterable[Connection]) -> dict[int, Connection]:
        asked.append({one.inode for one in these})
        return {}

    monkeypatch.setattr(Sockets, "look_up", look_up)
    meeting.read(look)
    meeting.processes.runs += 1
    meeting.read(look)
    assert asked == [{other}, {served}]  # not found, so `other` has been closed


def test_a_message_is_pending_until_its_answer_even_within_a_tick(meeting: Known) -> None:
    client = meeting.connect()
    accepted = meeting.accept()
    for number in range(1, 20):  # some within a tick of the previous answer
        client.sendall(b"hello")
        [seen] = meeting.read({T: Doing("running")})
        assert (seen.segments, seen.pending) == (number, True)
        [seen] = meeting.read({T: Doing("running")})
        assert seen.pending
        accepted.sendall(b"hi")
        [seen] = meeting.read({T: Doing("running")})
        assert not seen.pending


@pytest.fixture
def other(meeting: Known) -> Iterator[Puppet]:
    """An unrelated server that listens on the same port as the watched one."""
    with Puppet("setsid", "--fork") as puppet:  # not our child
        puppet.do(f"""
listener = socket.create_server(("127.0.0.1", {meeting.port}), reuse_port=True)
listener.setblocking(False)
accepted = []
def accept():
    try:
        accepted.append(listener.accept()[0])
    except BlockingIOError:
        pass
    return len(accepted)
""")
        yield puppet


def test_a_connection_of_another_server_on_the_port_is_not_seen(
    meeting: Known, other: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LIST", 0.0)
    meeting.listener.setblocking(False)
    own = set[int]()

    def each_has_one() -> bool:
        meeting.connect()
        with suppress(BlockingIOError):
            own.add(inode(meeting.accept()))
        return other.do("said = accept()") > 0 and bool(own)

    wait_until(each_has_one)
    wait_until(lambda: {one.inode for one in meeting.read()} - {0} == own)


def test_a_client_of_another_server_on_the_port_is_not_in_this_backlog(
    meeting: Known, other: Puppet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LIST", 0.0)
    meeting.listener.close()
    meeting.connect()
    wait_until(lambda: any(one.waiting for one in meeting.listening(meeting.sockets)))
    assert meeting.read() == []
    other.do("accept()")
    assert meeting.read() == []
