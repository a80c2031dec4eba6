"""Snapshot -> Picture: which bar stands in which lane, and how far one looks back.

A session stands in its thread's lane. In a pool it stands there from when it is served, and before
in the queue; in the other models it waits in its own lane, for the waiting is its thread's too.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from server.record import Record
from server.registry import Snapshot
from server.views.picture import Bar, Lane, Picture

LANES = 64  # drawn at the most: of more, those that were in use last
QUEUE = 16  # rows of the queue that are drawn at the most
WINDOW = 60.0  # seconds
STEP = 5.0  # seconds by which a window grows until it is that long
NO_TIME = 1 / 1000  # of the window: who waits for a thread no longer is not drawn in the queue
APART = 1 / 500  # of the window: messages that are closer share a tick


def picture_of(snapshot: Snapshot, seconds: float | None = None) -> Picture:
    """The last `seconds`; without them the last minute, or less where less shows all of it."""
    span = seconds or _fitting(snapshot)
    start = snapshot.at - span
    seen = [record for record in snapshot.sessions if _end(record, snapshot) >= start]
    in_window = replace(snapshot, sessions=tuple(seen))
    lanes = lanes_of(in_window)
    drawn = used_last(lanes, LANES)
    rows = _rows(
        bar
        for bar in queue_of(in_window)
        if bar.end >= start and bar.end - bar.start >= span * NO_TIME
    )
    return Picture(
        model=snapshot.model,
        replica=snapshot.replica,
        at=snapshot.at,
        start=start,
        open=snapshot.open,
        serving=snapshot.serving,
        peak_serving=snapshot.peak_serving,
        messages=snapshot.totals.messages,
        refused=sum(snapshot.refused.values()),
        refusals=tuple(
            (tick.began, tick.events) for tick in snapshot.refusals if tick.began >= start
        ),
        queue=tuple(_cut(row, start, span) for row in rows[:QUEUE]),
        queue_more=max(len(rows) - QUEUE, 0),
        lanes=tuple(replace(lane, bars=_cut(lane.bars, start, span)) for lane in drawn),
        lanes_more=len(lanes) - len(drawn),
    )


def _fitting(snapshot: Snapshot) -> float:
    """The shortest span that shows all of the last minute's sessions and refusals."""
    minute = snapshot.at - WINDOW
    moments = [tick.began for tick in snapshot.refusals if tick.began >= minute]
    moments += [r.accepted_at for r in snapshot.sessions if _end(r, snapshot) >= minute]
    needed = snapshot.at - min(moments, default=minute)
    return min(max(math.ceil(needed / STEP), 1) * STEP, WINDOW)


def _end(record: Record, snapshot: Snapshot) -> float:
    return snapshot.at if record.closed_at is None else record.closed_at


def _in_queue(record: Record, snapshot: Snapshot) -> bool:
    return record.thread is None or snapshot.model == "pool"


def queue_of(snapshot: Snapshot) -> Iterator[Bar]:
    """Those that wait, or waited, without a thread."""
    for record in snapshot.sessions:
        if _in_queue(record, snapshot):
            end = _end(record, snapshot) if record.served_at is None else record.served_at
            yield _bar(record, record.accepted_at, end, end, last=record.served_at is None)


def lanes_of(snapshot: Snapshot) -> list[Lane]:
    """All threads that are remembered, by first use: their names are numbered in that order.

    First bars would not do. The registry forgets them, and a pool's lanes would change places.
    """
    lanes: dict[tuple[str, int], list[Bar]] = {}
    for record in snapshot.sessions:
        if record.thread is not None and record.native_id is not None:
            end = _end(record, snapshot)
            turn = end if record.served_at is None else record.served_at
            start = turn if _in_queue(record, snapshot) else record.accepted_at
            bar = _bar(record, start, turn, end, last=True)
            lanes.setdefault((record.thread, record.native_id), []).append(bar)
    # A thread takes its sessions by their numbers, so their bars are in order.
    return sorted(
        (Lane(*thread, tuple(bars)) for thread, bars in lanes.items()),
        key=lambda lane: (len(lane.thread), lane.thread),  # Worker-9 before Worker-10
    )


def _bar(record: Record, start: float, turn: float, end: float, *, last: bool) -> Bar:
    return Bar(
        record,
        start,
        turn,
        end,
        open=last and record.state != "closed",
        reason=record.end if last else None,
    )


def used_last(lanes: Sequence[Lane], most: int) -> list[Lane]:
    """So many of them, in their order; of those in use now the first to be used."""
    by_use = sorted(range(len(lanes)), key=lambda i: lanes[i].bars[-1].end, reverse=True)
    return [lanes[i] for i in sorted(by_use[:most])]


def _rows(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Each bar in the first row that is free when it begins."""
    rows: list[list[Bar]] = []
    for bar in bars:
        free = (row for row in rows if row[-1].end <= bar.start)
        row = next(free, None)
        if row is None:
            rows.append([bar])
        else:
            row.append(bar)
    return rows


def _cut(bars: Iterable[Bar], start: float, span: float) -> tuple[Bar, ...]:
    """What the window shows of them, with their ticks."""
    return tuple(
        Bar(
            bar.session,
            max(bar.start, start),
            max(bar.turn, start),
            bar.end,
            bar.open,
            bar.reason,
            # In the queue nobody is served.
            () if bar.turn == bar.end else _ticks(bar.session, start, span * APART),
        )
        for bar in bars
    )


def _ticks(session: Record, start: float, apart: float) -> tuple[float, ...]:
    """From the start of the window on, and none too close to the one before: an hour has many."""
    moments = session.ticks.moments()
    kept, last = [], -math.inf
    for moment in moments[bisect_left(moments, start) :]:
        if moment - last >= apart:
            kept.append(moment)
            last = moment
    return tuple(kept)
