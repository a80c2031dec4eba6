"""The drawing, parsed: it shows what the snapshot says."""

import colorsys
import math
import re
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given

from lanes.layout import LANES, picture_of
from lanes.picture import COLOURS
from lanes.snapshot import Seen, Snapshot
from lanes.svg.drawing import HEIGHT, MARGIN, NARROWEST, WIDEST, WIDTH, draw
from tests.kit import scenes
from tests.kit.command import ROOT
from tests.kit.documents import snapshot, snapshots
from tests.kit.replicas import merged, of
from tests.kit.scenes import client
from tests.kit.snapshots import record

SVG = "{http://www.w3.org/2000/svg}"
Places = dict[str, tuple[float, float]]  # the two parts of a bar: waiting and serving


def drawn(
    taken: Snapshot, width: int = WIDTH, seconds: float | None = None, height: int = HEIGHT
) -> Element:
    return fromstring(draw(picture_of(taken, seconds), width, height))  # noqa: S314 - our own


def by_class(inside: Element, name: str) -> list[Element]:
    return [one for one in inside.iter() if name in one.get("class", "").split()]


def place(rect: Element) -> tuple[float, float]:
    left = float(rect.attrib["x"])
    return left, left + float(rect.attrib["width"])


def bars(inside: Element) -> dict[int, Places]:
    """Where each session waits and where it is served, by number."""
    return {
        int(bar.attrib["data-session"].rpartition("/")[2]): {
            rect.attrib["class"]: place(rect) for rect in bar.iter(f"{SVG}rect")
        }
        for bar in by_class(inside, "bar")
    }


def words(inside: Element) -> list[str]:
    return [text.text or "" for text in inside.iter(f"{SVG}text")]


def titles(inside: Element, name: str) -> list[str]:
    """The tooltips."""
    return [one.findtext(f"{SVG}title", "") for one in by_class(inside, name)]


def test_every_thread_has_a_lane_with_its_name_its_os_thread_and_its_sessions() -> None:
    lanes = by_class(drawn(scenes.STAIRCASE), "lane")
    assert [lane.attrib["data-thread"] for lane in lanes] == [f"Thread-{n}" for n in range(1, 6)]
    assert words(lanes[1])[:2] == ["Thread-2", "OS thread 1002"]


def test_waiting_is_hatched_serving_is_solid_and_open_sessions_reach_to_now() -> None:
    drawing = drawn(scenes.STAIRCASE)
    first, second, third, *others = bars(drawing).values()
    assert set(first) == {"serving"}
    assert set(second) == set(third) == {"waiting", "serving"}
    assert [set(other) for other in others] == [{"waiting"}, {"waiting"}]
    assert second["waiting"][1] == pytest.approx(second["serving"][0])
    assert second["serving"][0] == pytest.approx(first["serving"][1])
    ends = {number: max(max(bar.values())) for number, bar in bars(drawing).items()}
    assert {number for number, end in ends.items() if end == WIDTH - MARGIN} == {3, 4}


def test_a_session_that_failed_is_marked_with_the_reason() -> None:
    [failed] = by_class(drawn(scenes.STAIRCASE), "failed")
    assert failed.attrib["data-session"] == "5"
    assert words(failed) == ["#5 c-5 ✗ closing"]
    assert len(by_class(failed, "end")) == 1


def test_the_figures_are_above_and_the_refusals_on_the_axis() -> None:
    refusing = snapshot(at=5, refusals=[1, 4.5, 4.5])
    drawing = drawn(
        replace(
            scenes.STAIRCASE, refusals=refusing.refusals, refused={"busy": 3}, messages_refused=2
        )
    )
    assert {one.attrib["data-figure"]: one.text for one in by_class(drawing, "value")} == {
        "model": "lock",
        "clients now": "2",
        "served at once": "1 (peak 1)",
        "messages": "9 (2 refused)",
        "connections refused": "3",
    }
    assert [words(refusal) for refusal in by_class(drawing, "refusal")] == [["1"], ["2"]]
    assert titles(drawing, "refusal") == ["1 connection refused", "2 connections refused"]


def test_a_bar_has_a_tick_for_each_message_and_a_tooltip_with_its_story() -> None:
    drawing = drawn(scenes.STAIRCASE)
    assert [path.attrib["d"].count("M") for path in by_class(drawing, "ticks")] == [2, 2, 2]
    assert titles(drawing, "bar")[1].startswith("Session 2: c-2 from 10.0.0.2:40002, in Thread-2")


def test_the_drawing_says_how_many_lanes_it_leaves_out_or_that_nobody_was_there() -> None:
    drawing = drawn(snapshot(*(client(n, 1, 1) for n in range(1, LANES + 8)), at=10))
    assert len(by_class(drawing, "lane")) == LANES
    assert float(drawing.attrib["height"]) <= HEIGHT  # all of them on one screen
    assert "7 more lanes are not drawn; the ones shown were used most recently." in words(drawing)
    assert "No clients in the last 2.5 s." in words(drawn(snapshot(at=99), seconds=2.5))


@pytest.mark.parametrize("width", [NARROWEST, 700, WIDEST])
def test_the_drawing_has_the_requested_width_and_nothing_outside(width: int) -> None:
    drawing = drawn(scenes.STAIRCASE, width)
    assert drawing.attrib["width"] == str(width)
    height = float(drawing.attrib["height"])
    for text in drawing.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height
    for bar in bars(drawing).values():
        assert all(0 <= left < right <= width - MARGIN for left, right in bar.values())


@given(snapshots())
def test_any_queue_is_drawn_above_its_lanes_and_no_bars_overlap(taken: Snapshot) -> None:
    drawing, picture = drawn(taken), picture_of(taken)
    rows = [*by_class(drawing, "queue"), *by_class(drawing, "lane")]
    heights = [float(row.attrib["transform"].split()[1].rstrip(")")) for row in rows]
    assert heights == sorted(heights)
    drawn_rows = (*picture.queue, *(one.bars for one in picture.lanes))
    for row, expected in zip(rows, drawn_rows, strict=True):
        assert list(bars(row)) == [bar.session.number for bar in expected]
        assert [one.attrib["class"].split() for one in by_class(row, "bar")] == [
            ["bar", f"c{bar.colour}", "open" if bar.open else "closed", *["failed"] * bar.failed]
            for bar in expected
        ]
        for bar, stretches in zip(expected, bars(row).values(), strict=True):
            assert bar.turn < bar.end or "serving" not in stretches
            assert bar.start < bar.turn or bar.turn == bar.end or "waiting" not in stretches
        places = sorted(place(rect) for rect in row.iter(f"{SVG}rect"))
        assert all(left[1] <= right[0] + 0.01 for left, right in pairwise(places))
    style = drawing.findtext(f"{SVG}style", "")
    assert all(f".c{colour} " in style for colour in range(COLOURS))


@pytest.mark.parametrize("clients", [1, 3, 20, 60, 256])
@pytest.mark.parametrize(("width", "height"), [(320, 480), (960, 640), (1920, 980)])
def test_any_number_of_lanes_fits_and_a_failure_is_visible(
    clients: int, width: int, height: int
) -> None:
    sessions = [client(n, 1, 1, 3 if n == 1 else None, end="lost") for n in range(1, clients + 1)]
    drawing = drawn(snapshot(*sessions, at=5), width, height=height)
    assert float(drawing.attrib["height"]) <= height
    assert len(by_class(drawing, "lane")) == clients
    names = [text for text in words(drawing) if text.startswith("Thread-")]
    assert names[0] == "Thread-1"
    assert len(names) * 13 <= height  # none covers another
    [failure] = by_class(drawing, "end")
    assert float(failure.attrib["d"].rpartition("v")[2]) >= 5


def test_messages_that_came_together_are_a_box_with_their_count() -> None:
    ticks = [(1, 1, 1), (2, 2.2, 4), (3, 3, 1)]
    drawing = drawn(snapshot(record(1, accepted=1, served=1, ticks=ticks), at=5))
    [path] = by_class(drawing, "ticks")
    assert [("h" in tick) for tick in path.attrib["d"].split("M")[1:]] == [False, True, False]
    assert [count.text for count in by_class(drawing, "count")] == ["4"]


def oklab(hue: int, saturation: float, lightness: float) -> tuple[float, ...]:
    """HSL to OKLab (https://bottosson.github.io/posts/oklab/): 0.02 apart is just noticeable."""
    channels = colorsys.hls_to_rgb(hue / 360, lightness, saturation)
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    long, medium, short = (
        (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3),
        (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3),
        (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3),
    )
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_no_two_colours_are_nearly_the_same(scheme: int) -> None:
    style = (ROOT / "lanes/svg/templates/lanes.css").read_text(encoding="utf-8")
    shades = re.findall(r"\.c\d \{ --hue: (\d+); --shade: (-?\d+)%; \}", style)
    rich, light = (re.findall(rf"--{what}: (\d+)%", style)[scheme] for what in ("rich", "light"))
    colours = [
        oklab(int(hue), int(rich) / 100, (int(light) + int(shade)) / 100) for hue, shade in shades
    ]
    assert len(colours) == COLOURS
    assert min(math.dist(*pair) for pair in combinations(colours, 2)) > 0.1


def several(*, name: str) -> Element:
    """Two replicas with a queue each, and a lane in the first."""
    sessions = [client(1, 1, 1, worker=1), client(2, 2), client(3, 2)]
    first = of(name, *sessions, model="pool")
    return drawn(merged(first, of("server-2", client(4, 2), model="pool")))


def test_each_replicas_queue_is_named_once_and_notes_are_below() -> None:
    drawing = several(name="server-1")
    rows = by_class(drawing, "queue")
    names = [[text.text for text in by_class(row, "thread")] for row in rows]
    assert names == [["server-1/queue"], [], ["server-2/queue"]]
    notes = [(note.text or "").split(",")[0] for note in by_class(drawing, "more")]
    assert notes == ["server-1 at 10.0.0.1", "server-2 at 10.0.0.2"]


def test_a_long_note_is_wrapped_within_the_drawing() -> None:
    seen = Seen("unknown", "", 50.0, (), ("remedy " * 40 + "end",))
    drawing = drawn(replace(snapshot(at=5), seen=seen))
    notes = [note.text or "" for note in by_class(drawing, "more")]
    assert notes[-1].endswith("end")
    assert max(map(len, notes)) < 150


def test_a_long_name_has_room_beside_its_bars() -> None:
    names = ("server-1", "server-1.lab.example")
    short, long = (bars(several(name=name))[1]["serving"][0] for name in names)
    assert short < long


def test_a_thread_without_an_os_id_is_drawn_too() -> None:
    [session] = snapshot(client(1, 1, 1), at=5).sessions
    unknown = replace(scenes.WALL, sessions=(replace(session, native_id=None),))
    assert words(by_class(drawn(unknown), "lane")[0])[:2] == ["Thread-1", "OS thread "]
