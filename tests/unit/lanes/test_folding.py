"""Many short visits are folded into one lane, and nothing else is."""

from lanes.layout import picture_of
from lanes.page.table import table_of
from server.chat.record import End, Record
from tests.kit.documents import snapshot
from tests.kit.scenes import client


def visits(first: int, last: int, end: End = "bye") -> list[Record]:
    return [client(n, n / 10, n / 10, n / 10 + 0.05, end=end) for n in range(first, last + 1)]


SESSIONS = [
    *visits(1, 9),  # too few
    client(10, 1, 1, 2.1),  # longer than a second
    *visits(11, 110),
    *visits(111, 111, end="lost"),
    *visits(112, 121),
    client(122, 13, 13),  # still open
]


def test_runs_of_ten_lanes_are_folded_and_failures_never() -> None:
    taken = snapshot(*SESSIONS, at=14)
    lanes = picture_of(taken, fold=True).lanes
    singles = [*(f"Thread-{n}" for n in range(1, 11)), "Thread-111", "Thread-122"]
    assert [lane.thread for lane in lanes if not lane.folded] == singles
    assert {lane.thread: lane.folded for lane in lanes if lane.folded} == {
        "Thread-11 \N{HORIZONTAL ELLIPSIS} Thread-110": 100,
        "Thread-112 \N{HORIZONTAL ELLIPSIS} Thread-121": 10,
    }
    assert len(picture_of(taken).lanes) == 122


def test_the_table_is_folded_too_below_the_failures() -> None:
    taken = snapshot(*SESSIONS, at=14)
    table = table_of(taken.sessions, fold=True).lines(100)
    assert [len(line.sessions) for line in table] == [1] * 11 + [110, 1]
    assert [line.sessions[0].number for line in table[:3]] == [111, 1, 2]
    assert [line.sessions[0].number for line in table if line.is_folded] == [11]
    assert len(table_of(taken.sessions)) == 122
