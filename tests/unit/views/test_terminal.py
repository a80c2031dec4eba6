"""The whole picture as text, and that it fits, whatever there is to show."""

import io
import re
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from server.record import Record
from server.registry import Snapshot
from server.views.layout import LANES, picture_of
from server.views.picture import Picture
from server.views.terminal import draw, fitted, open_console
from tests.kit.snapshots import record, snapshot, snapshots

SPAN = 5  # seconds
WIDTH = 73  # with it and such short names a second is ten columns
LEGEND = "╌╌ waits   ━━ is served   ┿ messages   ✗ failed   ▲ refused"


def text(picture: Picture, width: int, height: int | None = None, **colours: bool) -> str:
    console = Console(width=width, file=io.StringIO(), highlight=False, **colours)  # type: ignore[arg-type]  # the test names them
    console.print(draw(picture, width, height))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def shown(picture: Picture, width: int = WIDTH, height: int | None = None) -> list[str]:
    written = text(picture, width, height).replace("\N{MINUS SIGN}", "-")
    return [line.rstrip() for line in written.splitlines()]


def lanes(picture: Picture, width: int = WIDTH, height: int | None = None) -> list[str]:
    """From the legend to the time axis."""
    lines = shown(picture, width, height)
    lines = lines[lines.index(LEGEND) + 2 :]
    return lines[: next(number for number, line in enumerate(lines) if "┴" in line)]


def axis(picture: Picture, width: int = WIDTH) -> list[str]:
    """The line under the lanes, and the seconds under that."""
    lines = shown(picture, width)
    first = next(number for number, line in enumerate(lines) if "┴" in line)
    return lines[first : first + 2]


def client(
    number: int,
    accepted: float,
    served: float | None = None,
    closed: float | None = None,
    *,
    thread: str | None = None,
    native_id: int | None = None,
) -> Record:
    """One that says something at once, and again half a second later."""
    moments = [] if served is None else [served, served + 0.5]
    return record(
        number,
        accepted=accepted,
        served=served,
        closed=closed,
        thread=thread,
        native_id=native_id,
        client=f"c-{number}",
        ticks=[(moment, moment, 1) for moment in moments],
    )


def picture(
    *records: Record, at: float = 5, model: str = "thread", refusals: Iterable[float] = ()
) -> Picture:
    return picture_of(snapshot(*records, at=at, model=model, refusals=refusals), SPAN)


def test_three_clients_are_served_by_three_threads_at_the_same_time() -> None:
    drawn = picture(client(1, 1, 1, 3), client(2, 1.5, 1.5, 3.5), client(3, 2, 2))
    assert shown(drawn) == [
        "model thread  clients now 1  served at once 1 (peak 1)  messages 6",
        "refused 0",
        LEGEND,
        "",
        "Thread-1  1001            ┝━━━━┿━━━━━━━━━━━━━╸ #1 c-1",
        "Thread-2  1002                 ┝━━━━┿━━━━━━━━━━━━━╸ #2 c-2",
        "Thread-3  1003                      ┝━━━━┿━━━━━━━━━━━━━━━━━━━━━━━━ #3 c-3",
        "                ┴─────────┴─────────┴─────────┴─────────┴────────┴",
        "              -5 s      -4 s      -3 s      -2 s      -1 s      now",
        "",
        "# CLIENT THREAD   STATE   WAITED SERVED MESSAGES",
        "1 c-1    Thread-1 bye      0.0 s  2.0 s        2",
        "2 c-2    Thread-2 bye      0.0 s  2.0 s        2",
        "3 c-3    Thread-3 serving  0.0 s  3.0 s        2",
    ]


def test_where_the_figures_need_two_lines_none_is_torn() -> None:
    assert shown(picture(client(1, 1, 1)), 65)[:2] == [
        "model thread  clients now 1  served at once 1 (peak 1)",
        "messages 2  refused 0",
    ]


def test_native_ids_stand_below_each_other() -> None:
    drawn = picture(client(1, 1, 1, native_id=99), client(2, 1, 1, native_id=100))
    assert [line[:15] for line in lanes(drawn)] == ["Thread-1   99  ", "Thread-2  100  "]


@pytest.mark.parametrize("width", [60, 100, 200])
def test_long_names_leave_the_lanes_two_fifths_of_the_line_at_least(width: int) -> None:
    drawn = picture(record(1, accepted=1, served=1, closed=2, client="c" * 200, end="too-long"))
    assert len(axis(drawn, width)[0].strip()) >= 2 / 5 * width


def test_one_lock_is_a_staircase() -> None:
    drawn = picture(
        client(1, 0.5, 0.5, 2, thread="Thread-1"),
        client(2, 1, 2, 3.5, thread="Thread-2"),
        client(3, 1, 3.5, thread="Thread-3"),
        client(4, 1.5, thread="Thread-4"),
        model="lock",
    )
    assert lanes(drawn) == [
        "Thread-1  1001       ┝━━━━┿━━━━━━━━╸ #1 c-1",
        "Thread-2  1002            ╶╌╌╌╌╌╌╌╌╌┿━━━━┿━━━━━━━━╸ #2 c-2",
        "Thread-3  1003            ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┿━━━━┿━━━━━━━━━ #3 c-3",
        "Thread-4  1004                 ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ #4 c-4",
    ]


def test_a_pools_queue_stands_above_its_workers_who_have_several_bars_each() -> None:
    drawn = picture(
        client(1, 1, 1, 2, thread="Worker-1", native_id=7),
        client(2, 1, 1, 2.5, thread="Worker-2", native_id=8),
        client(3, 1.5, 2, 4, thread="Worker-1", native_id=7),
        client(4, 2, 2.5, thread="Worker-2", native_id=8),
        client(5, 3),
        model="pool",
    )
    assert lanes(drawn, WIDTH - 3) == [
        "queue                       ╶#3╌╴╶╌╌╌╴ #4  ╶╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ #5 c-5",
        "Worker-1  7            ┝ #1 ┿━━━╸┝━━━━┿━━━━━━━━━━━━━╸ #3 c-3",
        "Worker-2  8            ┝━━━━┿ #2 c-2 ╸┝━━━━┿━━━━━━━━━━━━━━━━━━━ #4 c-4",
    ]


def test_more_lanes_than_are_drawn_are_counted() -> None:
    drawn = picture(*(client(number, 1, 1) for number in range(1, LANES + 4)))
    *drawn_lanes, more = lanes(drawn)
    assert [line.split()[0] for line in drawn_lanes] == [f"Thread-{n + 1}" for n in range(LANES)]
    assert more == "… 3 more lanes"


def test_more_of_the_queue_than_is_drawn_is_counted() -> None:
    drawn = picture(*(client(number, 1) for number in range(1, 20)), model="pool")
    *rows, more = lanes(drawn)
    assert [row.split()[-1] for row in rows] == [f"c-{number}" for number in range(1, 17)]
    assert more == "… 3 more rows of the queue"


def test_sessions_that_have_no_column_are_counted() -> None:
    short = (client(n, 1, 1, 1.001, thread="Worker-1", native_id=7) for n in range(1, 4))
    drawn = picture(*short, model="pool")
    assert lanes(drawn)[-1] == "… 2 more sessions, too short to draw"


def test_where_nobody_was_it_says_so() -> None:
    assert lanes(picture()) == ["nobody was here in the last 5 s"]
    assert axis(picture())[1].split()[0] == "-5"
    assert axis(picture())[1].split()[-1] == "now"


def test_refusals_stand_on_the_line_under_the_lanes() -> None:
    drawn = picture(client(1, 1, 1), refusals=[2, 2, 3])
    assert axis(drawn)[0].strip() == "┴─────────┴─────────▲2────────▲1────────┴────────┴"


@pytest.mark.parametrize("width", [60, 100, 200])
def test_now_is_where_the_lanes_of_open_sessions_end(width: int) -> None:
    drawn = picture(client(1, 1, 1), client(2, 2, 2))
    ends = {line.rindex("━") for line in lanes(drawn, width)}
    assert ends == {axis(drawn, width)[0].rindex("┴")}


def test_names_from_outside_neither_command_the_terminal_nor_are_markup() -> None:
    name = "[red]\x1b[2J\n:smile:"
    drawn = picture(record(1, accepted=1, served=1, client=name))
    (lane,) = lanes(drawn, 120)
    assert lane.endswith(" #1 [red]\\x1b[2J\\n:smile:")
    assert "\x1b" not in text(drawn, 120)


def test_a_terminal_sees_colours_and_a_file_does_not() -> None:
    drawn = picture(client(1, 1, 1), client(2, 1, 1))
    plain, coloured = text(drawn, WIDTH), text(drawn, WIDTH, force_terminal=True)
    assert "\x1b" not in plain
    assert "\x1b[33m┝" in coloured  # yellow, and
    assert "\x1b[32m┝" in coloured  # green
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_without_a_terminal_there_are_100_cells() -> None:
    assert open_console().width == 100  # pytest has put a file there


def test_of_too_many_lanes_those_that_were_used_last_are_drawn() -> None:
    gone = [client(number, 1, 1, 2) for number in range(1, 11)]
    there = [client(number, 1, 1) for number in range(11, 21)]
    low = fitted(picture(*gone, *there), 14)
    assert [lane.thread for lane in low.lanes] == [
        f"Thread-{n}" for n in (1, 2, 3, 4, *range(11, 21))
    ]
    assert lanes(low)[-1] == "… 6 more lanes"


def test_lanes_are_drawn_however_long_the_queue_is() -> None:
    workers = (client(n, 1, 1, thread=f"Worker-{n}", native_id=n) for n in range(1, 21))
    waiting = (client(n, 2) for n in range(21, 41))
    low = fitted(picture(*workers, *waiting, model="pool"), 14)
    assert [line.split()[0] for line in lanes(low)] == ["queue"] * 7 + [
        f"Worker-{n}" for n in range(1, 8)
    ] + ["…", "…"]
    assert lanes(low)[-2:] == ["… 13 more rows of the queue", "… 13 more lanes"]


def test_where_there_is_room_no_lane_is_left_out() -> None:
    drawn = picture(client(1, 1, 1), client(2, 1))
    assert fitted(drawn, 2) == drawn


def test_a_low_terminal_has_all_lanes_and_the_newest_sessions_in_the_lines_below() -> None:
    drawn = picture(*(client(number, 1, 1) for number in range(1, 13)))
    lines = shown(drawn, 80, 24)
    assert len(lines) == 24
    assert len(lanes(drawn, 80, 24)) == 12
    assert [line.split()[0] for line in lines[-4:-1]] == ["10", "11", "12"]
    assert lines[-1] == "… 9 earlier sessions"


def test_a_terminal_too_low_for_all_lanes_has_no_table() -> None:
    lines = shown(picture(*(client(number, 1, 1) for number in range(1, 41))), 80, 24)
    assert lines[-1].split()[-1] == "now"
    assert "… 25 more lanes" in lines


@pytest.mark.parametrize("many", [1, 3, 12, 80])
@pytest.mark.parametrize(("width", "least"), [(40, 12), (60, 10)])
def test_whatever_the_height_no_more_lines_are_drawn_and_always_a_lane(
    width: int, least: int, many: int
) -> None:
    workers = (client(n, 1, 1, thread=f"Worker-{n}", native_id=n) for n in range(1, many + 1))
    short = (client(n, 1, 1, 1.001, thread="Worker-0", native_id=9) for n in range(100, 104))
    waiting = (client(n, 2) for n in range(200, 200 + many))
    drawn = picture(*workers, *short, *waiting, model="pool")
    for height in range(1, 61):
        lines = shown(drawn, width, height)
        assert len(lines) <= max(height, least)
        assert any(line.startswith("Worker-") for line in lines)


@given(snapshots(), st.integers(40, 220), st.integers(12, 60))
def test_whatever_there_is_it_fits_the_terminal(of: Snapshot, width: int, height: int) -> None:
    lines = shown(picture_of(of), width, height)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width


@given(snapshots(), st.integers(20, 220), st.sampled_from([None, 1, 60, 300]))
def test_whatever_there_is_every_line_fits_and_every_session_is_named(
    of: Snapshot, width: int, seconds: float | None
) -> None:
    drawn = picture_of(of, seconds)
    lines = shown(Picture.from_json(drawn.to_json()), width)
    assert max(map(cell_len, lines)) <= width
    if width >= 60:
        listed = {line.split()[0] for line in lines[lines.index(LEGEND) :] if line}
        assert {str(session.number) for session in drawn.sessions()} <= listed


def several(count: int) -> Picture:
    """A picture of so many replicas, of which the first has a queue."""
    sessions = [
        replace(record(1, accepted=1, served=1), thread="server-1/Thread-1", replica="server-1"),
        replace(record(2, accepted=2), replica="server-1"),
    ]
    picture = picture_of(snapshot(*sessions, at=SPAN, model="pool"), SPAN)
    return replace(
        picture, replicas=tuple(f"server-{n} at 10.0.0.{n}" for n in range(1, count + 1))
    )


def test_a_line_tells_of_each_replica_and_the_rest_is_counted() -> None:
    assert [line for line in shown(several(8)) if " at 10.0.0." in line] == [
        f"server-{number} at 10.0.0.{number}" for number in range(1, 9)
    ]
    assert "… 2 more replicas" in shown(several(10))


def test_nothing_that_is_told_of_a_replica_commands_the_terminal() -> None:
    picture = replace(several(1), replicas=("server-1\x1b[2J",))
    assert "\x1b" not in text(picture, WIDTH)


def test_a_queue_is_a_replicas() -> None:
    assert [line.split()[0] for line in lanes(several(2))] == [
        "server-1/queue",
        "server-1/Thread-1",
    ]


@given(st.integers(1, 20), st.integers(40, 120), st.integers(24, 60))
def test_of_many_replicas_it_fits_too(count: int, width: int, height: int) -> None:
    drawn = shown(several(count), width, height)
    assert len(drawn) <= height
    assert max(map(cell_len, drawn)) <= width
