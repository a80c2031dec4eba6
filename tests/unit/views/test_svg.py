"""The drawing, parsed again: what it shows is what the snapshot says."""

from dataclasses import replace
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given

from server.registry import Snapshot
from server.views.layout import LANES, picture_of
from server.views.picture import COLOURS
from server.views.svg import MARGIN, NARROWEST, WIDEST, draw
from tests.kit.snapshots import record, snapshot, snapshots

SVG = "{http://www.w3.org/2000/svg}"
LOCK = [
    record(1, accepted=0, served=0, closed=4, ticks=[(1, 1, 1), (2, 2, 1)]),
    record(2, accepted=1, served=4, client="thread-lanes-client-2"),
    record(3, accepted=1, thread="Thread-3"),
    record(4, accepted=2, closed=5, thread="Thread-4", end="closing"),
]
POOL = [
    record(1, accepted=0, served=0, closed=3, thread="Worker-1", native_id=11),
    record(2, accepted=1, served=3, closed=6, thread="Worker-1", native_id=11, end="lost"),
    record(3, accepted=2, served=6, thread="Worker-1", native_id=11),
    record(4, accepted=2),
]


def drawn(taken: Snapshot, width: int = 960, seconds: float | None = None) -> Element:
    return fromstring(draw(picture_of(taken, seconds), width))  # noqa: S314 - it is our own


def by_class(inside: Element, name: str) -> list[Element]:
    return [one for one in inside.iter() if name in one.get("class", "").split()]


def stretch(rect: Element) -> tuple[float, float]:
    left = float(rect.attrib["x"])
    return left, left + float(rect.attrib["width"])


def stretches(bar: Element) -> dict[str, tuple[float, float]]:
    return {rect.attrib["class"]: stretch(rect) for rect in bar.iter(f"{SVG}rect")}


def numbers(inside: Element) -> list[int]:
    return [int(bar.attrib["data-session"]) for bar in by_class(inside, "bar")]


def words(inside: Element) -> list[str]:
    return [text.text or "" for text in inside.iter(f"{SVG}text")]


def figures(drawing: Element) -> dict[str, str | None]:
    return {value.attrib["data-figure"]: value.text for value in by_class(drawing, "value")}


def test_a_lane_for_each_thread_with_its_name_and_the_systems_number_for_it() -> None:
    lanes = by_class(drawn(snapshot(*LOCK, at=10, model="lock")), "lane")
    assert [lane.attrib["data-thread"] for lane in lanes] == [f"Thread-{n}" for n in (1, 2, 3, 4)]
    assert words(lanes[1])[:2] == ["Thread-2", "OS thread 1002"]
    assert [numbers(lane) for lane in lanes] == [[1], [2], [3], [4]]


def test_waiting_is_hatched_and_serving_solid() -> None:
    bars = by_class(drawn(snapshot(*LOCK, at=10, model="lock")), "bar")
    assert [set(stretches(bar)) for bar in bars] == [
        {"serving"},
        {"waiting", "serving"},
        {"waiting"},
        {"waiting"},
    ]
    second = stretches(bars[1])
    assert second["waiting"][1] == pytest.approx(second["serving"][0])
    assert second["serving"][0] == pytest.approx(stretches(bars[0])["serving"][1])


def test_open_sessions_reach_to_now_and_closed_ones_do_not() -> None:
    drawing = drawn(snapshot(*LOCK, at=10, model="lock"))
    now = 960 - MARGIN
    ends = {n: max(right for _, right in stretches(bar).values()) for n, bar in bars(drawing)}
    assert {number for number, end in ends.items() if end == now} == {2, 3}
    assert [bar.attrib["class"].split()[2] for _, bar in bars(drawing)] == [
        *("closed", "open", "open", "closed")
    ]


def bars(drawing: Element) -> list[tuple[int, Element]]:
    return [(int(bar.attrib["data-session"]), bar) for bar in by_class(drawing, "bar")]


def test_a_session_that_failed_is_marked_with_the_reason() -> None:
    drawing = drawn(snapshot(*LOCK, at=10, model="lock"))
    [failed] = by_class(drawing, "failed")
    assert failed.attrib["data-session"] == "4"
    assert words(failed) == ["#4 10.0.0.4:40004 ✗ closing"]
    assert len(by_class(failed, "end")) == 1


def test_the_pools_queue_stands_above_its_lanes() -> None:
    drawing = drawn(snapshot(*POOL, at=10, model="pool"))
    queue, [lane] = by_class(drawing, "queue"), by_class(drawing, "lane")
    assert sorted(number for row in queue for number in numbers(row)) == [2, 3, 4]
    assert numbers(lane) == [1, 2, 3]
    assert not [bar for row in queue for bar in by_class(row, "serving")]
    assert not by_class(lane, "waiting")
    height = [float(g.attrib["transform"].split()[1].rstrip(")")) for g in (*queue, lane)]
    assert height == sorted(height)


def test_every_message_is_a_tick_where_there_is_room() -> None:
    drawing = drawn(snapshot(*LOCK, at=10, model="lock"))
    [ticks] = by_class(drawing, "ticks")
    assert ticks.attrib["d"].count("M") == 2


def test_above_are_the_figures() -> None:
    taken = snapshot(*LOCK, at=10, model="lock", refusals=[1, 2, 3])
    assert figures(drawn(taken)) == {
        "model": "lock",
        "clients now": "2",
        "served at once": "1 (peak 1)",
        "messages": "2",
        "refused": "3",
    }


def test_refusals_are_ticks_on_the_axis_with_a_count() -> None:
    refusals = by_class(drawn(snapshot(at=10, refusals=[1, 5, 5.01])), "refusal")
    assert [words(refusal) for refusal in refusals] == [["1"], ["2"]]
    assert [refusal.findtext(f"{SVG}title") for refusal in refusals] == ["1 refused", "2 refused"]


def test_whoever_points_at_a_bar_is_told_all_its_figures() -> None:
    drawing = drawn(snapshot(*LOCK, at=10, model="lock"))
    titles = [bar.findtext(f"{SVG}title", "") for _, bar in bars(drawing)]
    assert titles[1].startswith("Session 2: thread-lanes-client-2 from 10.0.0.2:40002, in Thread-2")


def test_of_very_many_lanes_it_says_how_many_are_not_drawn() -> None:
    many = [record(n, accepted=n / 100, served=n / 100) for n in range(1, LANES + 8)]
    drawing = drawn(snapshot(*many, at=10))
    assert len(by_class(drawing, "lane")) == LANES
    assert (
        "7 more lanes are not drawn: these were used last. The report has all sessions."
        in words(drawing)
    )


def test_nobody_is_said_too() -> None:
    assert "Nobody was here in the last 30 s." in words(drawn(snapshot(at=100), seconds=30))


def test_a_clients_colour_is_the_same_in_every_lane() -> None:
    twice = [
        record(n, accepted=n, served=n, closed=n + 0.5, client=client)
        for n, client in enumerate(["a-1", "a-2", "a-1"], start=1)
    ]
    first, second, third = (
        bar.attrib["class"].split()[1] for _, bar in bars(drawn(snapshot(*twice, at=10)))
    )
    assert first == third != second
    style = drawn(snapshot(at=1)).findtext(f"{SVG}style", "")
    assert all(f".c{colour} " in style for colour in range(COLOURS))


@pytest.mark.parametrize("width", [NARROWEST, 700, WIDEST])
def test_it_is_as_wide_as_was_asked_for_and_nothing_stands_outside(width: int) -> None:
    drawing = drawn(snapshot(*LOCK, at=10, model="lock", refusals=[1]), width)
    assert drawing.attrib["width"] == str(width)
    height = float(drawing.attrib["height"])
    for text in drawing.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
    for value in by_class(drawing, "value"):
        assert 0 <= float(value.attrib["y"]) <= height
    for _, bar in bars(drawing):
        assert all(0 <= left < right <= width - MARGIN for left, right in stretches(bar).values())


def test_nothing_that_a_client_calls_itself_is_more_than_text() -> None:
    name = "<script>alert('1')</script>&\"\x00\x1b\ud800\uffff"
    drawing = drawn(snapshot(record(1, accepted=1, served=1, client=name), at=10))
    assert not [one for one in drawing.iter() if "script" in one.tag]
    [caption] = by_class(drawing, "caption")
    shown = "<script>alert('1')</script>&\"\ufffd\ufffd\ufffd\ufffd"
    assert caption.text == f"#1 {shown} · 0 messages"


@given(snapshots())
def test_any_snapshot_is_drawn_well_formed_and_nothing_overlaps_in_a_lane(taken: Snapshot) -> None:
    drawing = drawn(taken)
    picture = picture_of(taken)
    rows = [*by_class(drawing, "queue"), *by_class(drawing, "lane")]
    assert [numbers(row) for row in rows] == [
        [bar.session.number for bar in bars]
        for bars in (*picture.queue, *(lane.bars for lane in picture.lanes))
    ]
    for row in rows:
        places = sorted(stretch(rect) for rect in row.iter(f"{SVG}rect"))
        assert all(left[1] <= right[0] + 0.01 for left, right in pairwise(places))
    solid = [int(b.attrib["data-session"]) for _, b in bars(drawing) if "serving" in stretches(b)]
    served = {one.number for one in taken.sessions if one.served_at is not None}
    assert set(solid) <= served


def several(*, thread: str) -> Element:
    """A drawing of two replicas that have a queue each, and a lane of that name."""
    sessions = [
        replace(record(1, accepted=1, served=1), thread=thread, replica="server-1"),
        replace(record(2, accepted=2), replica="server-1"),
        replace(record(3, accepted=2), replica="server-1"),
        replace(record(4, accepted=2), replica="server-2"),
    ]
    picture = picture_of(snapshot(*sessions, at=10, model="pool"))
    notes = ("server-1 at 10.0.0.1", "server-2 at 10.0.0.2")
    return fromstring(draw(replace(picture, replicas=notes)))  # noqa: S314 - it is our own


def test_each_replicas_queue_is_named_where_it_begins() -> None:
    rows = by_class(several(thread="server-1/Worker-1"), "queue")
    assert [words(row)[:1] for row in rows if by_class(row, "thread")] == [
        ["server-1/queue"],
        ["server-2/queue"],
    ]
    assert len(rows) == 3


def test_what_there_is_to_know_of_each_replica_stands_below() -> None:
    notes = [note.text for note in by_class(several(thread="server-1/Worker-1"), "more")]
    assert notes == ["server-1 at 10.0.0.1", "server-2 at 10.0.0.2"]


def test_a_long_name_has_room_beside_its_bars() -> None:
    lefts = {}
    for thread in ("server-1/Worker-1", "server-1.lab.example/Worker-1000"):
        [bar] = by_class(by_class(several(thread=thread), "lane")[0], "bar")
        lefts[thread] = min(left for left, _ in stretches(bar).values())
    short, long = lefts.values()
    assert long > short
