"""Clients as they come, talk and leave: the sessions of a watched server."""

from typing import Any

import pytest

from lanes.snapshot import CLOSED
from lanes.watch.claim import UNKNOWN, Claim, How
from lanes.watch.process import ThreadId
from lanes.watch.records import GAP, TICKS, Record, Records
from lanes.watch.sockets import Connection

Ends = tuple[str, str]
T = ThreadId(1, 2)
SERVER, A, B = "127.0.0.1:2022", "127.0.0.1:40001", "127.0.0.1:40002"


def connection(
    peer: str, inode: int, segments: int = 0, *, pending: bool = False, state: str = "established"
) -> Connection:
    return Connection(inode, SERVER, peer, state, 0, 0, segments, 0, 0, pending)


class Course:
    """A server at moments in seconds since the first look."""

    def __init__(self, *connections: Connection) -> None:
        self.records = Records()
        self.at(0, *connections)

    def at(self, seconds: float, *connections: Connection) -> None:
        self.records.update({(one.local, one.peer): one for one in connections}, seconds)

    def all(self) -> list[Record]:
        found: list[Record] = []

        def note(record: Record) -> Any:  # noqa: ANN401 - no session is made here
            found.append(record)

        self.records.sessions(note)
        return found

    def one(self) -> Record:
        [record] = self.all()
        return record


def test_clients_are_numbered_in_the_order_of_the_connections() -> None:
    course = Course(connection(B, 7), connection(A, 8))
    course.at(1, connection(B, 7), connection(A, 8), connection("d", 9), connection("c", 0))
    told = [(one.number, one.connection.peer, one.accepted_at) for one in course.all()]
    assert told == [(1, B, 0), (2, A, 0), (3, "d", 1), (4, "c", 1)]
    assert (course.records.accepted, len(course.records)) == (4, 4)


def test_a_client_accepted_from_the_backlog_stays_the_same() -> None:
    course = Course()
    course.at(1, connection(A, 0))
    course.at(2, connection(A, 7))
    assert (course.one().number, course.one().connection.inode) == (1, 7)
    assert course.one().closed_at is None


def test_a_client_that_has_left_is_remembered_with_its_end() -> None:
    course = Course(connection(A, 7))
    course.at(3)
    assert course.one().closed_at == 3
    assert list(course.records) == []


@pytest.mark.parametrize("inode", [8, 0])
def test_the_same_port_again_is_a_new_client(inode: int) -> None:
    course = Course(connection(A, 7))
    course.at(2, connection(A, inode))
    assert [(one.number, one.closed_at) for one in course.all()] == [(1, 2), (2, None)]


def test_only_the_latest_clients_that_left_are_remembered() -> None:
    course = Course()
    for number in range(CLOSED + 2):
        course.at(number, connection(A, number + 1))
    assert [one.number for one in course.all()] == list(range(2, CLOSED + 3))


def test_messages_make_ticks_that_count_those_right_after() -> None:
    course = Course(connection(A, 7))
    course.at(1, connection(A, 7, 1))
    course.at(1 + GAP / 2, connection(A, 7, 4))
    course.at(2, connection(A, 7, 5))
    assert list(course.one().ticks) == [(1, 1 + GAP / 2, 4), (2, 2, 1)]


def test_a_tick_lasts_until_its_message_is_answered() -> None:
    course = Course(connection(A, 7, 3, pending=True))
    for seconds, segments, pending in (1, 4, True), (2, 4, True), (3, 4, True), (4, 4, False):
        course.at(seconds, connection(A, 7, segments, pending=pending))
    assert list(course.one().ticks) == [(1, 3, 1)]


def test_messages_before_the_first_look_have_no_tick() -> None:
    course = Course(connection(A, 7, 3))
    course.at(1, connection(A, 7, 3), connection(B, 8, 2))
    first, second = course.all()
    assert list(first.ticks) == []
    assert list(second.ticks) == [(1, 1, 2)]


def test_only_the_last_ticks_are_remembered() -> None:
    course = Course(connection(A, 7))
    for number in range(1, TICKS + 10):
        course.at(number, connection(A, 7, number))
    assert len(course.one().ticks) == TICKS
    assert course.one().ticks[-1][0] == TICKS + 9


def test_the_peak_of_clients_served_at_once_is_remembered() -> None:
    records = Records()
    assert [records.peak(serving) for serving in (1, 3, 2)] == [1, 3, 3]


@pytest.mark.parametrize(
    ("hows", "state", "served_at", "how"),
    [
        (["unknown", "direct", "unknown"], "established", 2, "unknown"),
        (["polled", "unknown"], "close-wait", 1, "has left"),
        (["born together", "unknown"], "close-wait", None, "unknown"),
        (["only one busy", "unknown", "direct"], "established", 3, "direct"),
        (["only one busy", "direct", "unknown"], "close-wait", 1, "has left"),
    ],
)
def test_a_served_client_stays_served_and_a_guess_is_forgotten(
    hows: list[How], state: str, served_at: float | None, how: str
) -> None:
    record = Record(1, connection(A, 7, state=state), accepted_at=-1)
    for at, each in enumerate(hows, 1):
        record.claimed(UNKNOWN if each == "unknown" else Claim(T, each), at, locked=False)
    assert (record.served_at, record.claim.how) == (served_at, how)


def test_the_last_thread_of_a_client_that_left_is_remembered_if_certain() -> None:
    for before, thread in (Claim(T, "direct"), T), (Claim(T, "polled"), None):
        record = Record(1, connection(A, 7, state="close-wait"), accepted_at=-1)
        for claim in before, UNKNOWN, UNKNOWN:
            record.claimed(claim, 1, locked=False)
        assert record.claim == (thread, "has left")
