"""The sessions under the lanes, as exact facts."""

import io

import pytest
from rich.console import Console, Group

from server.record import Record
from server.views.layout import picture_of
from server.views.table import SESSIONS, draw_table
from tests.kit.snapshots import record, snapshot


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


def test_every_session_is_a_line_of_its_facts_by_number() -> None:
    assert shown(*THREE) == [
        "",
        "#  CLIENT        THREAD    OS THREAD  STATE    WAITED  SERVED  MESSAGES",
        "1  lab-client-1  Thread-1  1001       bye       1.5 s   2.5 s         7",
        "2  lab-client-2  Thread-2  77         serving   5.0 s   4.0 s         0",
        "3  lab-client-3  -         -          waiting   2.0 s       -         0",
    ]


def test_where_it_is_narrow_the_os_thread_is_left_to_the_lanes() -> None:
    assert shown(*THREE, width=60) == [
        "",
        "# CLIENT       THREAD   STATE   WAITED SERVED MESSAGES",
        "1 lab-client-1 Thread-1 bye      1.5 s  2.5 s        7",
        "2 lab-client-2 Thread-2 serving  5.0 s  4.0 s        0",
        "3 lab-client-3 -        waiting  2.0 s      -        0",
    ]


def test_a_long_name_has_the_room_that_the_others_leave_and_keeps_its_end() -> None:
    long = record(1, accepted=1, served=1, closed=2, client="a-very-long-prefix-of-lab-client-1")
    assert "1 …fix-of-lab-client-1 Thread-1" in shown(long, width=60)[2]
    assert len(shown(long, width=60)[2]) == 60


@pytest.mark.parametrize("client", ["[red]c[/red]", ":smile:", "[/]"])
def test_a_name_is_no_markup(client: str) -> None:
    assert client in shown(record(1, accepted=1, client=client))[2]


def test_a_name_does_not_command_the_terminal() -> None:
    assert "\\x1b[2J\\n" in shown(record(1, accepted=1, client="\x1b[2J\n"))[2]


def test_wide_characters_are_counted_as_two_cells() -> None:
    _, _, wide, narrow = shown(
        record(1, accepted=1, client="教室"), record(2, accepted=1, client="abcd")
    )
    assert wide.replace("教室", "abcd")[1:] == narrow[1:]


def sessions(many: int) -> list[Record]:
    return [
        record(number, accepted=1, served=1, closed=2, thread="T", native_id=5)
        for number in range(1, many + 1)
    ]


def test_of_too_many_the_last_are_shown_and_the_others_counted() -> None:
    table = shown(*sessions(SESSIONS + 2))
    assert table[2].startswith("3 ")
    assert len(table) == 2 + SESSIONS + 1
    assert table[-1] == "… 2 earlier sessions"


@pytest.mark.parametrize(
    ("height", "numbers", "earlier"),
    [
        (6, ["1", "2", "3", "4"], []),
        (5, ["3", "4"], ["… 2 earlier sessions"]),
        (4, ["4"], ["… 3 earlier sessions"]),
    ],
)
def test_in_few_lines_the_newest_are_shown_and_the_others_counted(
    height: int, numbers: list[str], earlier: list[str]
) -> None:
    blank, _, *lines = shown(*sessions(4), height=height)
    shown_lines = lines[: len(numbers)]
    assert blank == ""
    assert [line.split()[0] for line in shown_lines] == numbers
    assert lines[len(numbers) :] == earlier


@pytest.mark.parametrize("height", [3, 2, 0, -1])
def test_where_there_is_no_room_for_a_session_there_is_no_table(height: int) -> None:
    assert shown(*sessions(4), height=height) == []


def test_where_nobody_is_there_is_no_table() -> None:
    assert shown() == []
