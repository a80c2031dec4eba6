"""The table of sessions under the lanes, with exact facts."""

import io
from dataclasses import replace

import pytest
from rich.console import Console, Group

from lanes.layout import picture_of
from lanes.terminal.table import SESSIONS, draw_table
from server.chat.record import Record
from tests.kit.documents import snapshot
from tests.kit.scenes import client
from tests.kit.snapshots import record


def shown(*records: Record, width: int = 100, height: int = 100) -> list[str]:
    console = Console(width=width, file=io.StringIO(), highlight=False)
    with console.capture() as capture:
        console.print(Group(*draw_table(picture_of(snapshot(*records, at=10)), width, height)))
    return [line.rstrip() for line in capture.get().splitlines()]


THREE = (
    record(1, accepted=1, served=2.5, closed=5, client="lab-client-1", ticks=[(3, 3, 7)]),
    record(2, accepted=1, served=6, client="lab-client-2", native_id=77),
    record(3, accepted=8, client="lab-client-3"),
)


def test_every_session_is_a_line_ordered_by_number() -> None:
    assert shown(*THREE) == [
        "",
        "#  CLIENT        THREAD    OS THREAD  STATE    WAITED  SERVED  MESSAGES",
        "1  lab-client-1  Thread-1  1001       bye       1.5 s   2.5 s         7",
        "2  lab-client-2  Thread-2  77         serving   5.0 s   4.0 s         0",
        "3  lab-client-3  -         -          waiting   2.0 s       -         0",
    ]


def test_a_handshake_is_named_and_a_proven_name_is_marked() -> None:
    proven = record(1, accepted=1, served=2, client="client-1", tls="proven")
    shaking = record(2, accepted=5, thread="Thread-2", client="10.0.0.2:1", tls="handshake")
    encrypted = record(3, accepted=5, served=5, client="client-3", tls="encrypted")
    _, _, *lines = shown(proven, shaking, encrypted)
    assert "client-1 ✓ " in lines[0]
    assert "Thread-2  1002       waiting (handshake) " in lines[1]
    assert "client-3  " in lines[2]


def test_a_long_name_gets_the_room_that_is_left_and_keeps_its_end() -> None:
    long = record(1, accepted=1, served=1, closed=2, client="a-very-long-prefix-of-lab-client-1")
    # A table this narrow leaves the OS thread to the lanes.
    assert "1 …fix-of-lab-client-1 Thread-1 bye" in shown(long, width=60)[2]
    assert len(shown(long, width=60)[2]) == 60


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (150, " waits for a lock at server.py:14: with print_lock:\n"),
        (122, " waits for a lock at server.py:14:"),
        (110, " server.py:14: with prin…\n"),
    ],
)
def test_a_narrow_table_keeps_the_source_line_where_a_thread_is(width: int, shown: str) -> None:
    [one] = snapshot(record(1, accepted=1, served=1), at=10).sessions
    one = replace(one, how="direct", where="waits for a lock at server.py:14: with print_lock:")
    told = replace(snapshot(at=10), sessions=(one,))
    console = Console(width=width, file=io.StringIO(), highlight=False)
    with console.capture() as capture:
        console.print(*draw_table(picture_of(told), width, 100))
    assert shown in capture.get()


def test_wide_characters_are_counted_as_two_cells() -> None:
    named = (record(number, accepted=1, client=name) for number, name in [(1, "教室"), (2, "abcd")])
    _, _, wide, narrow = shown(*named)
    assert wide.replace("教室", "abcd")[1:] == narrow[1:]


@pytest.mark.parametrize(
    ("sessions", "height", "first"),
    [(4, 6, 1), (4, 5, 3), (4, 4, 4), (SESSIONS, 100, 1), (SESSIONS + 2, 100, 3)],
)
def test_of_too_many_sessions_the_newest_are_listed_and_the_rest_counted(
    sessions: int, height: int, first: int
) -> None:
    many = [client(number, 1, 1, 2, worker=1) for number in range(1, sessions + 1)]
    blank, _, *lines = shown(*many, height=height)
    earlier = [f"… {first - 1} earlier sessions"] if first > 1 else []
    numbers = [str(number) for number in range(first, sessions + 1)]
    assert blank == ""
    assert [line.split()[0] for line in lines[: len(numbers)]] == numbers
    assert lines[len(numbers) :] == earlier


@pytest.mark.parametrize("height", [3, 2, 0, -1])
def test_without_room_or_sessions_there_is_no_table(height: int) -> None:
    assert shown(*THREE, client(4, 1), height=height) == []
    assert shown() == []
