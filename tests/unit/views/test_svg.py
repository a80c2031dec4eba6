"""The drawing, parsed again: what it shows is what the snapshot says."""

from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given

from server.registry import Snapshot
from server.views.layout import LANES, picture_of
from server.views.picture import COLOURS, Picture
from server.views.svg import MARGIN, NARROWEST, WIDEST, WIDTH, draw
from tests.kit import scenes
from tests.kit.scenes import client
from tests.kit.snapshots import record, snapshot, snapshots

SVG = "{http://www.w3.org/2000/svg}"
Places = dict[str, tuple[float, float]]  # the two stretches of a bar, by what is done in them


def parsed(picture: Picture, width: int = WIDTH) -> Element:
    return fromstring(draw(picture, width))  # noqa: S314 - it is our own


def drawn(taken: Snapshot, width: int = WIDTH) -> Element:
    return parsed(picture_of(taken), width)


def by_class(inside: Element, name: str) -> list[Element]:
    return [one for one in inside.iter() if name in one.get("class", "").split()]


def place(rect: Element) -> tuple[float, float]:
    left = float(rect.attrib["x"])
    return left, left + float(rect.attrib["width"])


def bars(inside: Element) -> dict[int, Places]:
    """Where each session waits and where it is served, by its number."""
    return {
        int(bar.attrib["data-session"]): {
            rect.attrib["class"]: place(rect) for rect in bar.iter(f"{SVG}rect")
        }
        for bar in by_class(inside, "bar")
    }


def words(inside: Element) -> list[str]:
    return [text.text or "" for text in inside.iter(f"{SVG}text")]


def titles(inside: Element, name: str) -> list[str]:
    """What is told to somebody who points there."""
    return [one.findtext(f"{SVG}title", "") for one in by_class(inside, name)]


def test_every_thread_has_a_lane_with_its_name_its_os_thread_and_its_sessions() -> None:
    lanes = by_class(drawn(scenes.STAIRCASE), "lane")
    assert [lane.attrib["data-thread"] for lane in lanes] == [f"Thread-{n}" for n in range(1, 6)]
    assert words(lanes[1])[:2] == ["Thread-2", "OS thread 1002"]
    assert [list(bars(lane)) for lane in lanes] == [[1], [2], [3], [4], [5]]


def test_waiting_is_hatched_serving_is_solid_and_what_goes_on_reaches_to_now() -> None:
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


def test_the_figures_stand_above_and_the_refusals_on_the_axis() -> None:
    sessions = scenes.STAIRCASE.sessions
    drawing = drawn(snapshot(*sessions, at=5, model="lock", refusals=[1, 4.5, 4.5]))
    assert {one.attrib["data-figure"]: one.text for one in by_class(drawing, "value")} == {
        "model": "lock",
        "clients now": "2",
        "served at once": "1 (peak 1)",
        "messages": "9",
        "refused": "3",
    }
    assert [words(refusal) for refusal in by_class(drawing, "refusal")] == [["1"], ["2"]]
    assert titles(drawing, "refusal") == ["1 refused", "2 refused"]


def test_a_bar_has_a_tick_for_each_message_and_tells_its_story_where_one_points_at_it() -> None:
    drawing = drawn(scenes.STAIRCASE)
    assert [path.attrib["d"].count("M") for path in by_class(drawing, "ticks")] == [2, 2, 2]
    assert titles(drawing, "bar")[1].startswith("Session 2: c-2 from 10.0.0.2:40002, in Thread-2")


def test_the_drawing_says_how_many_lanes_it_leaves_out_or_that_nobody_was_there() -> None:
    drawing = drawn(snapshot(*(client(n, 1, 1) for n in range(1, LANES + 8)), at=10))
    assert len(by_class(drawing, "lane")) == LANES
    assert (
        "7 more lanes are not drawn: these were used last. The report has all sessions."
        in words(drawing)
    )
    assert "Nobody was here in the last 30 s." in words(parsed(picture_of(snapshot(at=99), 30)))


@pytest.mark.parametrize("width", [NARROWEST, 700, WIDEST])
def test_it_is_as_wide_as_was_asked_for_and_nothing_stands_outside(width: int) -> None:
    drawing = drawn(scenes.STAIRCASE, width)
    assert drawing.attrib["width"] == str(width)
    height = float(drawing.attrib["height"])
    for text in drawing.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height
    for bar in bars(drawing).values():
        assert all(0 <= left < right <= width - MARGIN for left, right in bar.values())


def test_nothing_that_a_client_calls_itself_is_more_than_text() -> None:
    name = "<script>alert('1')</script>&\"\x00\x1b\ud800\uffff"
    drawing = drawn(snapshot(record(1, accepted=1, served=1, client=name), at=10))
    assert not [one for one in drawing.iter() if "script" in one.tag]
    [caption] = by_class(drawing, "caption")
    shown = "<script>alert('1')</script>&\"\ufffd\ufffd\ufffd\ufffd"
    assert caption.text == f"#1 {shown} · 0 messages"


@given(snapshots())
def test_any_snapshot_is_drawn_with_the_queue_above_the_lanes_and_no_bar_upon_another(
    taken: Snapshot,
) -> None:
    drawing, picture = drawn(taken), picture_of(taken)
    rows = [*by_class(drawing, "queue"), *by_class(drawing, "lane")]
    heights = [float(row.attrib["transform"].split()[1].rstrip(")")) for row in rows]
    assert heights == sorted(heights)
    for row, expected in zip(
        rows, (*picture.queue, *(one.bars for one in picture.lanes)), strict=True
    ):
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


def several(*, thread: str) -> Element:
    """A drawing of two replicas that have a queue each, and a lane of that name."""
    sessions = [
        replace(record(1, accepted=1, served=1), thread=thread, replica="server-1"),
        *(replace(record(number, accepted=2), replica="server-1") for number in (2, 3)),
        replace(record(4, accepted=2), replica="server-2"),
    ]
    picture = picture_of(snapshot(*sessions, at=10, model="pool"))
    return parsed(replace(picture, replicas=("server-1 at 10.0.0.1", "server-2 at 10.0.0.2")))


def test_each_replicas_queue_is_named_where_it_begins_and_the_rest_stands_below() -> None:
    drawing = several(thread="server-1/Worker-1")
    rows = by_class(drawing, "queue")
    assert [[text.text for text in by_class(row, "thread")] for row in rows] == [
        *(["server-1/queue"], [], ["server-2/queue"])
    ]
    assert [note.text for note in by_class(drawing, "more")] == [
        *("server-1 at 10.0.0.1", "server-2 at 10.0.0.2")
    ]


def test_a_long_name_has_room_beside_its_bars() -> None:
    names = ("server-1/Worker-1", "server-1.lab.example/Worker-1000")
    short, long = (bars(several(thread=name))[1]["serving"][0] for name in names)
    assert short < long
