"""Seconds -> pixels: the place of each bar, tick and caption of a picture.

Whether a caption fits is an estimate, because only the browser knows its fonts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lanes import marks, notes
from lanes.picture import Bar, Picture
from lanes.svg.rows import Rows

CHARACTER, PADDING, TIGHT = 6.6, 5.0, 1.0  # pixels of a caption, about
COUNT = 5.5  # pixels of a digit at a tick
THINNEST = 2.0  # pixels of a bar that is too short to see, if there is room
BETWEEN_TICKS, BETWEEN_LABELS = 2.0, 64.0  # pixels
REFUSAL, DIGIT = 11.0, 7.0  # pixels: a refusal's mark, and each digit of its count


@dataclass(frozen=True, slots=True)
class Tick:
    """The mark of a message, or of several that came together, and whether their count fits."""

    x: float
    count: int
    counted: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A bar in pixels from the left: it waits from `left` to `turn`, is served until `right`."""

    bar: Bar
    left: float
    turn: float
    right: float
    ticks: Sequence[Tick]
    caption: str
    caption_x: float
    story: str


class Scale:
    """Places the moments of the window, and so every bar."""

    def __init__(self, picture: Picture, *, left: int, right: int) -> None:
        self.left = left
        self.right = right
        self._picture = picture
        self._second = (right - left) / picture.span

    def x(self, moment: float) -> float:
        """Return the place of a moment, in pixels from the left."""
        return round(self.left + (moment - self._picture.start) * self._second, 1)

    def row(self, bars: Sequence[Bar], rows: Rows) -> list[Shape]:
        """Return the bars of one lane, with what there is room for; none overlaps the next."""
        lefts = [self.x(bar.start) for bar in bars]
        limits = [*lefts[1:], float(self.right)]
        places = zip(bars, lefts, limits, strict=True)
        return [self._shape(bar, left, max(left, limit), rows) for bar, left, limit in places]

    def _shape(self, bar: Bar, left: float, limit: float, rows: Rows) -> Shape:
        right = min(max(self.x(bar.end), left + THINNEST), limit)
        turn = min(self.x(bar.turn), right) if bar.served else right
        if turn < right and turn - left < THINNEST:
            turn = left  # the wait is too short to see
        ticks = tuple(self._ticks(bar.ticks, right)) if rows.ticks else ()
        caption, caption_x = _caption(bar, left, turn, right, limit) if rows.captions else ("", 0)
        story = notes.story(bar.session, self._picture.at) if rows.captions else ""
        return Shape(bar, left, turn, right, ticks, caption, caption_x, story)

    def _ticks(self, moments: Iterable[tuple[float, int]], right: float) -> Iterable[Tick]:
        """Yield a tick for each moment; one that is too close to the tick before joins that."""
        marked: list[tuple[float, int]] = []
        for moment, count in moments:
            x, before = self.x(moment), 0
            if marked and x - marked[-1][0] < BETWEEN_TICKS:
                x, before = marked.pop()
            marked.append((x, before + count))
        for (x, count), (end, _) in pairwise([*marked, (right, 0)]):
            room = end - x - PADDING
            yield Tick(x, count, counted=count > 1 and room >= COUNT * len(str(count)))

    def refusals(self) -> list[tuple[float, int]]:
        """Return the places and counts of refused connections on the time axis."""
        return marks.refusals(
            self._picture, self.x, lambda count: REFUSAL + DIGIT * len(str(count))
        )

    def labels(self) -> list[tuple[float, str]]:
        """Return the places and labels of the time axis, back from now."""
        labels = marks.axis(self._picture, self.right - self.left, lambda _: BETWEEN_LABELS)
        return [(self.x(moment), label) for moment, label in labels]


def _caption(bar: Bar, left: float, turn: float, right: float, limit: float) -> tuple[str, float]:
    """Return the longest caption that fits, and where it begins.

    It goes into the solid stretch, the free space behind the bar, or the hatched stretch, in this
    order.
    """
    for caption in marks.captions(bar, bar.session.name, counted=True):
        for start, end in ((turn, right), (right, limit), (left, turn)):
            spare = end - start - len(caption) * CHARACTER
            if spare >= 2 * TIGHT:
                return caption, round(start + min(spare / 2, PADDING), 1)
    return "", left
