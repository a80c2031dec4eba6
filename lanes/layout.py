"""Snapshot -> Picture: how far to look back, and what to draw if there is more than fits."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from lanes.bars import lanes_of, queue_of, rows_of
from lanes.colours import colours_of
from lanes.folding import folded
from lanes.picture import ALL, Bar, Lane, Picture
from lanes.session import Session
from lanes.snapshot import Snapshot

LANES = 256  # drawn at most: if there are more, those used last
QUEUE = 16  # rows of the queue drawn at most
WINDOW = 60.0  # seconds
SHORTEST, LONGEST = 1, 86_400  # seconds that a viewer can ask for
STEP = 5.0  # seconds by which a window grows, up to WINDOW
NO_TIME = 1 / 1000  # share of the window: shorter waits for a thread are not drawn in the queue
KINDS: dict[str, Callable[[Session], bool]] = {
    ALL: lambda _: True,
    "waiting": lambda session: session.state == "waiting",
    "failed": lambda session: session.failed,
}


def picture_of(
    snapshot: Snapshot, seconds: float | None = None, *, kind: str = ALL, fold: bool = False
) -> Picture:
    """Return the last `seconds`; by default the last minute, or less if that shows all of it.

    It has only sessions of this kind. With `fold`, many short visits in a row become one lane.
    """
    span = seconds or fitting(snapshot)
    start = snapshot.at - span
    here = list(_since(start, snapshot))
    in_window = replace(snapshot, sessions=tuple(filter(KINDS[kind], here)))
    lanes = lanes_of(in_window)
    lanes = list(folded(lanes)) if fold else lanes
    drawn = used_last(lanes, LANES)
    queues = _queues(in_window, start, span * NO_TIME)
    rows = _in_turn(queues)
    colours = colours_of(snapshot)

    def cut(bars: Iterable[Bar]) -> tuple[Bar, ...]:
        return tuple(
            replace(
                bar,
                start=max(bar.start, start),
                turn=max(bar.turn, start),
                end=max(bar.end, start),
                ticks=tuple((at, n) for at, _, n in bar.session.ticks if at >= start)
                if bar.served
                else (),
                colour=colours[bar.session.key],
            )
            for bar in bars
        )

    return Picture(
        snapshot=snapshot,
        start=start,
        refusals=tuple(refusal for refusal in snapshot.refusals if refusal[0] >= start),
        queue=tuple(map(cut, rows)),
        queue_more=sum(map(len, queues)) - len(rows),
        lanes=tuple(replace(lane, bars=cut(lane.bars)) for lane in drawn),
        lanes_more=len(lanes) - len(drawn),
        kind=kind,
        counts={name: sum(map(is_one, here)) for name, is_one in KINDS.items()},
    )


def fitting(snapshot: Snapshot) -> float:
    """The shortest span that shows all of the last minute's sessions and refusals."""
    minute = snapshot.at - WINDOW
    moments = [moment for moment, _ in snapshot.refusals if moment >= minute]
    moments += [session.accepted_at for session in _since(minute, snapshot)]
    needed = snapshot.at - min(moments, default=minute)
    return min(max(math.ceil(needed / STEP), 1) * STEP, WINDOW)


def _since(start: float, snapshot: Snapshot) -> Iterator[Session]:
    return (one for one in snapshot.sessions if (one.closed_at or snapshot.at) >= start)


def used_last(lanes: Sequence[Lane], most: int) -> list[Lane]:
    """Return the `most` lanes used last, in their order; of those in use now, the first ones."""
    by_use = sorted(range(len(lanes)), key=lambda i: lanes[i].bars[-1].end, reverse=True)
    return [lanes[i] for i in sorted(by_use[:most])]


def _queues(snapshot: Snapshot, start: float, shortest: float) -> list[list[list[Bar]]]:
    """Return each server's queue, if there is one, as rows without bars that are too short."""
    queues: dict[str, list[Bar]] = {server.replica: [] for server in snapshot.servers}
    for bar in queue_of(snapshot):
        if bar.end >= start and bar.end - bar.start >= shortest:
            queues[bar.session.replica].append(bar)
    return [rows_of(bars) for bars in queues.values() if bars]


def _in_turn(queues: Sequence[list[list[Bar]]]) -> list[list[Bar]]:
    """Choose the rows to draw: the first of each queue, then the second; return them in order."""
    turns = [(turn, place) for place, queue in enumerate(queues) for turn in range(len(queue))]
    drawn = sorted((place, turn) for turn, place in sorted(turns)[:QUEUE])
    return [queues[place][turn] for place, turn in drawn]
