"""The text on the lanes, decided once for both SVG and terminal.

Room and places are in the unit of the view: pixels, or a terminal's cells.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from lanes.picture import Bar, Lane, Picture
from lanes.replicas import thread_name
from lanes.session import LEFT

STEPS = (0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)
FAILED = "\N{BALLOT X}"
NOT_KNOWN = "not known"  # which thread it is


class Row(NamedTuple):
    """A row of the queue, or a lane."""

    name: str  # of its thread or queue; empty if the row above has the same name
    note: str  # the text under the name
    lane: Lane | None
    bars: Sequence[Bar]


def moment(at: float) -> str:
    """Format a moment for people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def axis(picture: Picture, length: float, room: Callable[[str], float]) -> list[tuple[float, str]]:
    """Return moments and labels, back from now, in the smallest step that leaves room for each."""
    for step in STEPS:
        times = int(picture.span / step)
        widest = max(room(ago(step * times)), room(ago(step * max(times - 1, 0))))
        if length * step / picture.span >= widest:
            backs = [step * back for back in range(times + 1)]
            return [(picture.at - back, ago(back) if back else _end(picture)) for back in backs]
    return [(picture.at, _end(picture))]


def ago(seconds: float) -> str:
    """Return the label of a moment."""
    return f"\N{MINUS SIGN}{seconds:g} s" if seconds else "now"


def _end(picture: Picture) -> str:
    return "then" if picture.snapshot.past else ago(0)


def refusals(
    picture: Picture, place: Callable[[float], float], room: Callable[[int], float]
) -> list[tuple[float, int]]:
    """Return the places and counts of refused connections; those without room join the last."""
    marks: list[tuple[float, int]] = []
    for at, connections in picture.refusals:
        here, before = place(at), 0
        if marks and here - marks[-1][0] < room(marks[-1][1]):
            here, before = marks.pop()
        marks.append((here, before + connections))
    return marks


def captions(bar: Bar, client: str, *, counted: bool = False) -> list[str]:
    """Return captions for a bar, longest first; with `counted`, the longest has its messages."""
    number, short, reason = f"#{bar.session.number}", "", ""
    if bar.failed:
        short, reason = f" {FAILED}", f" {FAILED} {bar.reason}"
    if not bar.session.certain:
        number += "?" * (bar.session.how != LEFT)
        reason = f" {bar.session.how}"
    names = [f"{number} {client}{reason}", f"{number}{reason}", f"{number}{short}"]
    if counted and bar.served:
        said = count(bar.session.messages, "message")
        names.insert(0, f"{number} {client} \N{MIDDLE DOT} {said}{reason}")
    return names


def count(number: int, what: str) -> str:
    """Format a number of things, as in "2 messages"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def rows(picture: Picture) -> Iterator[Row]:
    """Yield the rows of the queue, named where each server's begins, and the lanes below them."""
    before = None
    for bars in picture.queue:
        # From outside, it may be visible that a client is served, but not by which thread.
        served = any(bar.served for bar in bars)
        name = thread_name(bars[0].session.replica, NOT_KNOWN if served else "queue")
        note = "which thread serves" if served else "no thread yet"
        yield Row("" if name == before else name, note, None, bars)
        before = name
    for lane in picture.lanes:
        note = f"OS thread {'' if lane.native_id is None else lane.native_id}"
        if lane.folded:
            note = f"{lane.folded} short visits"
        yield Row(lane.thread, note, lane, lane.bars)
