"""Several servers' pictures as one picture: `lanes --from NAME`.

Times are put on the clock of whoever asks, where another's is off for certain: by more than the
answer took. Beside each server stands how far its clock is ahead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from server.record import Record
from server.replica import thread_name
from server.status import Answer, Unwell
from server.views.layout import LANES, QUEUE, used_last
from server.views.picture import Bar, Lane, Picture
from server.views.replicas import clock, correction, in_order, labels

Row = tuple[Bar, ...]


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
            f"serves {picture.serving} (peak {picture.peak_serving}), messages {picture.messages}"
        )


def merge_pictures(answers: Sequence[Answer], silent: Sequence[Unwell] = ()) -> Picture:
    """One picture of all that can be read; who did not answer, or not so, is named in it.

    ValueError where none can.
    """
    told, silent = _read(answers, silent)
    names = labels([answer for answer, _ in told], [picture.replica for _, picture in told])
    parts = [Part(*one, name) for one, name in zip(told, names, strict=True)]
    parts.sort(key=lambda part: in_order(part.label))
    pictures = [_ours(part) for part in parts]
    at = max(picture.at for picture in pictures)
    lanes = [replace(lane, bars=_onward(lane.bars, at)) for one in pictures for lane in one.lanes]
    rows = [_onward(row, at) for row in _in_turn([picture.queue for picture in pictures])]
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
        queue=tuple(rows),
        queue_more=sum(p.queue_more + len(p.queue) for p in pictures) - len(rows),
        lanes=tuple(drawn),
        lanes_more=sum(p.lanes_more for p in pictures) + len(lanes) - len(drawn),
        replicas=(*(part.line() for part in parts), *map(str, silent)),
    )


def _read(
    answers: Sequence[Answer], silent: Sequence[Unwell]
) -> tuple[list[tuple[Answer, Picture]], list[Unwell]]:
    """In a swarm that is being updated one of them may be of another version."""
    told, unread = [], list(silent)
    for answer in answers:
        try:
            told.append((answer, Picture.from_json(answer.body)))
        except ValueError as error:
            unread.append(Unwell(f"{answer.host}: {error}"))
    if not told:
        raise ValueError(str(unread[-1]))
    return told, unread


def _in_turn(queues: Sequence[Sequence[Row]]) -> list[Row]:
    """As many rows as are drawn, of each queue its first, then of each its second; in order."""
    turns = sorted(
        (turn, place) for place, queue in enumerate(queues) for turn in range(len(queue))
    )
    return [queues[place][turn] for place, turn in sorted((p, t) for t, p in turns[:QUEUE])]


def _start(pictures: Sequence[Picture]) -> float:
    """When the earliest begins that shows anything: one that shows nothing is a minute long."""
    some = [p for p in pictures if p.lanes or p.queue or p.refusals]
    return min(picture.start for picture in some or pictures)


def _ours(part: Part) -> Picture:
    """Its picture with its label on all that is its, and by our clock."""
    picture, seconds = part.picture, correction(part.answer)

    def rename(thread: str) -> str:
        return thread_name(part.label, thread.removeprefix(f"{picture.replica}/"))

    def translate(session: Record) -> Record:
        return replace(
            session,
            replica=part.label,
            thread=session.thread and rename(session.thread),
            accepted_at=session.accepted_at + seconds,
            served_at=session.served_at and session.served_at + seconds,
            closed_at=session.closed_at and session.closed_at + seconds,
        )

    def translate_bars(bars: Iterable[Bar]) -> Row:
        return tuple(
            replace(
                bar,
                session=translate(bar.session),
                start=bar.start + seconds,
                turn=bar.turn + seconds,
                end=bar.end + seconds,
                ticks=tuple(tick + seconds for tick in bar.ticks),
            )
            for bar in bars
        )

    return replace(
        picture,
        at=picture.at + seconds,
        start=picture.start + seconds,
        refusals=tuple((at + seconds, count) for at, count in picture.refusals),
        queue=tuple(translate_bars(row) for row in picture.queue),
        lanes=tuple(
            Lane(rename(lane.thread), lane.native_id, translate_bars(lane.bars))
            for lane in picture.lanes
        ),
    )


def _onward(bars: Iterable[Bar], at: float) -> Row:
    """What goes on goes on until now: its server may have drawn it a moment earlier."""
    return tuple(
        replace(bar, turn=at if bar.session.served_at is None else bar.turn, end=at)
        if bar.open
        else bar
        for bar in bars
    )
