"""The whole picture as text, which always fits the terminal."""

import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from lanes.layout import LANES, QUEUE, picture_of
from lanes.notes import NONE
from lanes.picture import Picture
from lanes.snapshot import Seen, Snapshot
from lanes.terminal.drawing import draw, fitted
from server.chat.record import Record
from tests.kit import scenes
from tests.kit.documents import snapshot, snapshots
from tests.kit.replicas import ONE, merged, of
from tests.kit.scenes import client
from tests.kit.snapshots import record

SPAN = scenes.LENGTH
WIDTH = 73  # so that a second of scenes.WALL is ten columns
LEGEND = "╌╌ waits   ━━ is served   ┿ messages   ✗ failed   ▲ refused"


def text(picture: Picture, width: int, height: int | None = None, **colours: bool) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False, **colours)  # type: ignore[arg-type]  # Console's options
    console.print(draw(picture, width, height))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown(picture: Picture, width: int = WIDTH, height: int | None = None) -> list[str]:
    written = text(picture, width, height).replace("\N{MINUS SIGN}", "-")
    return [line.rstrip() for line in written.splitlines()]


def lanes(picture: Picture, width: int = WIDTH, height: int | None = None) -> list[str]:
    """The lines between the legend and the time axis."""
    lines = shown(picture, width, height)
    lines = lines[lines.index(LEGEND) + 2 :]
    return lines[: next(number for number, line in enumerate(lines) if "┴" in line)]


def axis(picture: Picture, width: int = WIDTH) -> str:
    """The time axis, the line under the lanes."""
    return next(line for line in shown(picture, width) if "┴" in line)


def picture(*records: Record, model: str = "thread") -> Picture:
    return picture_of(snapshot(*records, at=SPAN, model=model), SPAN)


def crowd(number: int) -> list[Record]:
    """N clients, each with a thread of its own."""
    return [client(one, 1, 1) for one in range(1, number + 1)]


def test_three_clients_are_served_by_three_threads_at_the_same_time() -> None:
    assert shown(picture_of(scenes.WALL, SPAN)) == [
        "model thread  clients now 1  served at once 1 (peak 1)  messages 9",
        "connections refused 0",
        LEGEND,
        "",
        "Thread-1  1001            ┝━━━━┿━━━━━━━━━━━━━╸ #1 c-1",
        "Thread-2  1002                 ┝━━━━┿━━━━━━━━━━━━━╸ #2 c-2",
        "Thread-3  1003                      ┝━━━━┿━━━━━━━━━━━━━━━━━━━━━━━━ #3 c-3",
        "                ┴─────────┴─────────┴─────────┴─────────┴────────┴",
        "              -5 s      -4 s      -3 s      -2 s      -1 s      now",
        "",
        "# CLIENT THREAD   STATE   WAITED SERVED MESSAGES",
        "1 c-1    Thread-1 bye      0.0 s  2.0 s        3",
        "2 c-2    Thread-2 bye      0.0 s  2.0 s        3",
        "3 c-3    Thread-3 serving  0.0 s  3.0 s        3",
    ]


def test_one_lock_is_a_staircase() -> None:
    assert lanes(picture_of(scenes.STAIRCASE, SPAN)) == [
        "Thread-1  1001      ┝━━━┿━━━━━━╸ #1 c-1",
        "Thread-2  1002          ╶╌╌╌╌╌╌╌┿━━━┿━━━━━━╸ #2 c-2",
        "Thread-3  1003          ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┿━━━┿━━━━━━━ #3 c-3",
        "Thread-4  1004              ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ #4 c-4",
        "Thread-5  1005                  ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╴ #5 c-5 ✗ closing",
    ]


def test_a_pools_queue_is_above_its_workers_with_several_bars_each() -> None:
    assert lanes(picture_of(scenes.QUEUE, SPAN)) == [
        "queue                       ╶#3╴╶╌╌╴ #4 ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ #5 c-5",
        "                                            ╶╌╌╌╌╌╌╴ #6 c-6 ✗ closing",
        "Worker-1  1001          ┝#1━┿━━╸┝━━━┿━━━━━━━━━━╸ #3 c-3 ✗ lost",
        "Worker-2  1002          ┝━━━┿#2 c-2╸┝━━━┿━━━━━━━━━━━━━━━ #4 c-4",
    ]


def test_native_ids_are_aligned() -> None:
    drawn = picture(client(1, 1, 1, native_id=99), client(2, 1, 1, native_id=100))
    assert [line[:15] for line in lanes(drawn)] == ["Thread-1   99  ", "Thread-2  100  "]


@pytest.mark.parametrize("width", [60, 100, 200])
def test_long_names_leave_the_lanes_at_least_two_fifths_of_the_line(width: int) -> None:
    drawn = picture(record(1, accepted=1, served=1, closed=2, client="c" * 200, end="too-long"))
    assert len(axis(drawn, width).strip()) >= 2 / 5 * width


def test_sessions_too_short_for_a_column_are_counted() -> None:
    short = picture(*(client(n, 1, 1, 1.001, worker=7) for n in range(1, 4)), model="pool")
    assert lanes(short)[-1] == "2 more sessions are too short to be drawn."


def test_an_empty_picture_says_that_nobody_was_there() -> None:
    invitation = "Type this in a terminal, and then a line of text: nc 127.0.0.1 2022"
    assert lanes(picture()) == ["No clients in the last 5 s.", invitation]
    assert axis(picture())


def test_text_from_outside_neither_commands_the_terminal_nor_is_markup() -> None:
    named = record(1, accepted=1, served=1, client="[red]\x1b[2J\n:smile:[/]", thread="T\x1b[2J")
    written = text(picture_of(merged(of("a\x1b[2J", named), ONE)), 200)
    assert written.count("[red]\\x1b[2J\\n:smile:[/]") == 2  # in its lane and in the table
    assert "\x1b" not in written


def test_a_terminal_sees_colours_and_a_file_does_not() -> None:
    drawn = picture(client(1, 1, 1), client(2, 1, 1))
    plain, coloured = text(drawn, WIDTH), text(drawn, WIDTH, force_terminal=True)
    assert "\x1b" not in plain
    assert "\x1b[36m┝" in coloured  # cyan, and
    assert "\x1b[35m┝" in coloured  # magenta
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_few_rows_are_half_queue_and_half_the_lanes_used_last() -> None:
    workers = (client(n, 1, 1, 2 if n <= 10 else None, worker=n) for n in range(1, 81))
    drawn = picture(*workers, *(client(n, 2) for n in range(81, 101)), model="pool")
    low = lanes(fitted(drawn, 14))
    assert low[0].startswith("queue ")
    assert [line[:2] for line in low[1:7]] == ["  "] * 6
    assert [line.split()[0] for line in low[7:-2]] == [f"Worker-{n}" for n in range(11, 18)]
    assert low[-2:] == [
        "13 more rows of the queue are not drawn.",
        "73 more lanes are not drawn; the ones shown were used most recently.",
    ]
    assert fitted(drawn, LANES + QUEUE) == drawn


def test_a_low_terminal_has_all_lanes_before_sessions_or_no_table() -> None:
    lines = shown(picture(*crowd(12)), 80, 24)
    assert len(lines) == 24
    assert len(lanes(picture(*crowd(12)), 80, 24)) == 12
    assert [line.split()[0] for line in lines[-4:-1]] == ["10", "11", "12"]
    assert lines[-1] == "… 9 earlier sessions"
    lines = shown(picture(*crowd(40)), 80, 24)
    assert lines[-1].split()[-1] == "now"
    assert "25 more lanes are not drawn; the ones shown were used most recently." in lines


@pytest.mark.parametrize("many", [1, 3, 12, 80])
@pytest.mark.parametrize(("width", "least"), [(40, 12), (60, 10)])
def test_every_picture_fits_the_terminal_and_has_a_lane(width: int, least: int, many: int) -> None:
    workers = (client(n, 1, 1, worker=n) for n in range(1, many + 1))
    short = (client(n, 1, 1, 1.001, worker=100) for n in range(100, 104))
    waiting = (client(n, 2) for n in range(200, 200 + many))
    drawn = picture(*workers, *short, *waiting, model="pool")
    for height in range(1, 61):
        lines = shown(drawn, width, height)
        assert len(lines) <= max(height, least)
        assert any(line.startswith("Worker-") for line in lines)


def test_notes_are_wrapped_and_complete_if_there_is_room() -> None:
    remedy = "Run it with the same (" + "sudo " * 30 + "--the-end)"
    seen = Seen("unknown", "", 50.0, (), (remedy,), unknown=("messages",))
    drawn = picture_of(replace(snapshot(client(1, 1, 1), at=SPAN), seen=seen))
    for height in None, 30:
        assert remedy in " ".join(shown(drawn, 80, height))
    assert [line.split()[-1] for line in shown(drawn) if line.startswith("1")] == [NONE]


def several(count: int) -> Picture:
    """A picture of N replicas, of which the first has a queue."""
    first = of("server-1", client(1, 1, 1), client(2, 2), model="pool", at=SPAN)
    others = (of(f"server-{number}", at=SPAN) for number in range(2, count + 1))
    return picture_of(merged(first, *others), SPAN)


def test_each_replica_has_a_line_and_a_named_queue_and_the_rest_are_counted() -> None:
    lines = shown(several(10))
    notes = [f"server-{number} at 10.0.0.{number}," for number in range(1, 9)]
    assert [line.split(" clock")[0] for line in lines if " at 10.0.0." in line] == notes
    assert "… 2 more replicas" in lines
    assert "more replicas" not in "".join(shown(several(8)))
    names = [line.split()[0] for line in lanes(several(10))]
    assert names == ["server-1/queue", "server-1/Thread-1"]


@settings(max_examples=50)
@given(
    snapshots(),
    st.sampled_from([None, 1, 60, 300]),
    st.integers(0, 12),
    st.integers(20, 220),
    st.integers(12, 60),
)
def test_any_picture_fits_the_terminal_and_unlimited_names_every_session(
    taken: Snapshot, seconds: float | None, replicas: int, width: int, height: int
) -> None:
    missing = tuple(f"no answer from 10.0.0.{number}" for number in range(replicas))
    drawn = picture_of(replace(taken, missing=missing), seconds)
    low, whole = (shown(drawn, width, most) for most in (height, None))
    assert max(map(cell_len, low + whole)) <= width
    assert width < 40 or len(low) <= max(height, 24 if replicas else 12)
    if width >= 60:
        listed = {line.split()[0] for line in whole[whole.index(LEGEND) :] if line}
        assert {str(session.number) for session in drawn.sessions()} <= listed
