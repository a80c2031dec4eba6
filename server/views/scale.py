"""Seconds become pixels: where each bar, tick and caption of a picture stands.

Whether a caption fits is an estimate, for only the browser knows its fonts.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.record import Record
from server.views.picture import Bar, Picture

BAR, TICK = 28, 9  # heights in pixels: a bar, a message's tick at the foot of it
CHARACTER, PADDING, TIGHT = 6.6, 5.0, 1.0  # pixels of a caption, about
THINNEST = 2.0  # pixels of a bar too short to be seen, where there is room
BETWEEN_TICKS, BETWEEN_REFUSALS, BETWEEN_LABELS = 2.0, 18.0, 64.0  # pixels: closer ones are one
STEPS = (0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600)  # seconds


@dataclass(frozen=True, slots=True)
class Shape:
    """A bar in pixels: how far from the left its two stretches begin, and how wide they are."""

    bar: Bar
    left: float
    waiting: float
    turn: float
    serving: float
    right: float
    ticks: str  # a path
    caption: str
    caption_x: float
    story: str


class Scale:
    """Where a moment of the window stands, and so every bar."""

    def __init__(self, picture: Picture, *, left: int, right: int) -> None:
        self.left = left
        self.right = right
        self._picture = picture
        self._span = picture.at - picture.start
        self._second = (right - left) / self._span

    def x(self, moment: float) -> float:
        """How far from the left, in pixels."""
        return round(self.left + (moment - self._picture.start) * self._second, 1)

    def row(self, bars: Sequence[Bar]) -> list[Shape]:
        """The bars of one lane; none reaches into the next."""
        lefts = [self.x(bar.start) for bar in bars]
        limits = [*lefts[1:], float(self.right)]
        places = zip(bars, lefts, limits, strict=True)
        return [self._shape(bar, left, max(left, limit)) for bar, left, limit in places]

    def _shape(self, bar: Bar, left: float, limit: float) -> Shape:
        right = min(max(self.x(bar.end), left + THINNEST), limit)
        turn = right if bar.turn == bar.end else min(self.x(bar.turn), right)
        if turn < right and turn - left < THINNEST:
            turn = left  # a wait too short to be seen
        caption, caption_x = _caption(bar, left, turn, right, limit)
        return Shape(
            bar=bar,
            left=left,
            waiting=round(turn - left, 1),
            turn=turn,
            serving=round(right - turn, 1),
            right=right,
            ticks=self._ticks(bar.ticks),
            caption=caption,
            caption_x=round(caption_x, 1),
            story=_story(bar.session, self._picture.at),
        )

    def _ticks(self, moments: Sequence[float]) -> str:
        """A short line for each, but for those that would stand too close to the one before."""
        path, last = [], -math.inf
        for moment in moments:
            x = self.left + (moment - self._picture.start) * self._second
            if x - last >= BETWEEN_TICKS:
                path.append(f"M{x:.1f} {BAR - TICK}v{TICK}")
                last = x
        return "".join(path)

    def refusals(self) -> list[tuple[float, int]]:
        """Where on the time axis, and how many; those that would stand too close are one."""
        marks: list[tuple[float, int]] = []
        for moment, count in self._picture.refusals:
            x, before = self.x(moment), 0
            if marks and x - marks[-1][0] < BETWEEN_REFUSALS:
                x, before = marks.pop()
            marks.append((x, before + count))
        return marks

    def labels(self) -> Iterator[tuple[float, str]]:
        """The seconds of the time axis, back from now."""
        most = (self.right - self.left) / BETWEEN_LABELS
        step = next((step for step in STEPS if self._span / step <= most), self._span)
        back = 0.0
        while back <= self._span:
            yield self.x(self._picture.at - back), f"\N{MINUS SIGN}{back:g} s" if back else "now"
            back += step


def _caption(bar: Bar, left: float, turn: float, right: float, limit: float) -> tuple[str, float]:
    """The longest that has room, and where it begins.

    In the solid stretch, else in the free space behind the bar, else in the hatched stretch.
    """
    for caption in _captions(bar):
        for start, end in ((turn, right), (right, limit), (left, turn)):
            spare = end - start - len(caption) * CHARACTER
            if spare >= 2 * TIGHT:
                return caption, start + min(spare / 2, PADDING)
    return "", left


def _captions(bar: Bar) -> Iterator[str]:
    session = bar.session
    number, reason = f"#{session.number}", f" \N{BALLOT X} {bar.reason}" if bar.failed else ""
    if bar.turn < bar.end:
        messages = _count(session.messages, "message")
        yield f"{number} {session.client} \N{MIDDLE DOT} {messages}{reason}"
    yield f"{number} {session.client}{reason}"
    yield f"{number}{reason}"
    yield number


def _story(session: Record, at: float) -> str:
    """All figures, for whoever points at a bar."""
    thread = (
        f"in {session.thread} (OS thread {session.native_id})" if session.thread else "no thread"
    )
    return (
        f"Session {session.number}: {session.client} from {session.peer}, {thread}. "
        f"Waited {session.waited(at):.3f} s, served {session.served(at):.3f} s, "
        f"{_count(session.messages, 'message')}, "
        f"{_count(session.bytes_in, 'byte')} in, {_count(session.bytes_out, 'byte')} out. "
        f"{session.end or session.state}."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
