"""Several servers' pictures as one picture, and their traces as one trace: `lanes --from`.

Each has counted its threads and its sessions from 1, and by its own clock. So each is told from
the others by its name, and where two have the same (a server and the one that takes its place), or
have none, by its address too. Times stay as they were told: how far a clock is ahead of the one of
whoever asks is written beside.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from server.replica import thread_name
from server.status import Answer, Unwell
from server.views.layout import LANES, QUEUE, used_last
from server.views.picture import Bar, Lane, Picture
from server.views.trace import Event

APART = 1_000_000  # from one process's number in a trace to the next; a thread's are between them


class Part(NamedTuple):
    """One server's picture, and what it is called beside the others."""

    answer: Answer
    picture: Picture
    label: str

    def line(self) -> str:
        """Where it is, what its clock says, and what is only known of each."""
        picture = self.picture
        return (
            f"{self.label} at {self.answer.host}: {clock(self.answer)}, "
            f"served at once {picture.serving} (peak {picture.peak_serving}), "
            f"messages {picture.messages}"
        )


def clock(answer: Answer) -> str:
    """How far a server's clock is ahead of ours, and how sure that is."""
    return f"clock {answer.ahead:+.3f} s (\N{PLUS-MINUS SIGN}{answer.within:.3f})"


def merge_pictures(answers: Sequence[Answer], silent: Sequence[Unwell] = ()) -> Picture:
    """One picture of all; who did not answer is named in it. ValueError for what is no picture."""
    told = [Picture.from_json(answer.body) for answer in answers]
    labels = _labels(answers, [picture.replica for picture in told])
    parts = sorted(map(Part, answers, told, labels), key=lambda part: _numeric(part.label))
    pictures = [_renamed(part) for part in parts]
    at = max(picture.at for picture in pictures)
    lanes = [_reaching(lane, at) for picture in pictures for lane in picture.lanes]
    rows = [_onward(row, at) for picture in pictures for row in picture.queue]
    drawn = used_last(lanes, LANES)
    return Picture(
        model=" and ".join(sorted({picture.model for picture in pictures})),
        replica="",
        at=at,
        start=_start(pictures),
        open=sum(picture.open for picture in pictures),
        serving=sum(picture.serving for picture in pictures),
        peak_serving=max(picture.peak_serving for picture in pictures),
        messages=sum(picture.messages for picture in pictures),
        refused=sum(picture.refused for picture in pictures),
        refusals=tuple(sorted(mark for picture in pictures for mark in picture.refusals)),
        queue=tuple(rows[:QUEUE]),
        queue_more=sum(p.queue_more for p in pictures) + max(len(rows) - QUEUE, 0),
        lanes=tuple(drawn),
        lanes_more=sum(p.lanes_more for p in pictures) + len(lanes) - len(drawn),
        replicas=(*(part.line() for part in parts), *map(str, silent)),
    )


def _start(pictures: Sequence[Picture]) -> float:
    """When the earliest begins that shows anything: one that shows nothing is a minute long."""
    some = [p for p in pictures if p.lanes or p.queue or p.refusals]
    return min(picture.start for picture in some or pictures)


def merge_traces(answers: Sequence[Answer]) -> str:
    """One trace of all, a process for each. ValueError for what is no trace."""
    try:
        traces = [json.loads(answer.body) for answer in answers]
        names = [trace["otherData"]["replica"] for trace in traces]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("what it tells is no trace that this version knows") from error
    labels = _labels(answers, names)
    order = sorted(zip(labels, answers, traces, strict=True), key=lambda one: _numeric(one[0]))
    events = [
        event
        for place, (label, answer, trace) in enumerate(order, 1)
        for event in _moved(trace, place * APART, f"{label} at {answer.host}, {clock(answer)}")
    ]
    # The sort is stable: names, which have no time, come first, and each trace is in order.
    events.sort(key=_moment)
    others = {label: trace["otherData"] for label, _, trace in order}
    merged = {"displayTimeUnit": "ms", "otherData": others, "traceEvents": events}
    return json.dumps(merged, separators=(",", ":"))


def _moment(event: Event) -> Any:  # noqa: ANN401 - it is JSON
    return event.get("ts", 0)


def _moved(trace: Any, pid: int, name: str) -> Iterator[Event]:  # noqa: ANN401 - it is JSON
    """The events of a trace as those of another process: in containers all have the same number."""
    for event in trace["traceEvents"]:
        moved = {**event, "pid": pid, "tid": pid + event["tid"] - event["pid"]}
        if event["name"] == "process_name":
            yield {**moved, "args": {"name": f"{name}, {event['args']['name']}"}}
            yield {**moved, "name": "process_sort_index", "args": {"sort_index": pid}}
        else:
            yield moved


def _labels(answers: Sequence[Answer], names: Sequence[str]) -> list[str]:
    """What to call each server: so that no two are called the same."""
    known = Counter(names)
    return [
        (name if known[name] == 1 else f"{name}@{answer.host}") if name else answer.host
        for answer, name in zip(answers, names, strict=True)
    ]


def _numeric(label: str) -> list[tuple[str, int]]:
    """By what labels are sorted: server-9 before server-10."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", label)]


def _renamed(part: Part) -> Picture:
    """Its picture, with that label on all that is its."""
    picture, label = part.picture, part.label

    def rename(thread: str) -> str:
        return thread_name(label, thread.removeprefix(f"{picture.replica}/"))

    def rename_bars(bars: Iterable[Bar]) -> tuple[Bar, ...]:
        return tuple(
            replace(
                bar,
                session=replace(
                    bar.session,
                    replica=label,
                    thread=bar.session.thread and rename(bar.session.thread),
                ),
            )
            for bar in bars
        )

    return replace(
        picture,
        queue=tuple(rename_bars(row) for row in picture.queue),
        lanes=tuple(
            Lane(rename(lane.thread), lane.native_id, rename_bars(lane.bars))
            for lane in picture.lanes
        ),
    )


def _reaching(lane: Lane, at: float) -> Lane:
    return replace(lane, bars=_onward(lane.bars, at))


def _onward(bars: Iterable[Bar], at: float) -> tuple[Bar, ...]:
    """What goes on goes on until now: its server may have drawn it a moment earlier."""
    return tuple(
        replace(bar, turn=at if bar.session.served_at is None else bar.turn, end=at)
        if bar.open
        else bar
        for bar in bars
    )
