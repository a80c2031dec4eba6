"""How high a lane is, and what it has room for: if there are many, they are thin and show less."""

import math
from dataclasses import dataclass

LANE, THINNEST = 36.0, 1.0  # pixels from one lane to the next; those below are pixels, too
BAR = 28 / 36  # of a lane
LETTERS = 13.0  # the height of a line of small text
ALARM = 5.0  # the height of the mark of a failure, at least
BETWEEN = 6.0  # a bar that is at least this high can have ticks
TICK, LOW_TICK = 9.0, 4.0  # a message's tick at the foot of a bar that has a caption


@dataclass(frozen=True, slots=True)
class Rows:
    """A number of rows that share the room, each as high as that allows."""

    count: int
    room: float

    @property
    def pitch(self) -> float:
        """Pixels from one row to the next."""
        fitting = int(10 * self.room / max(self.count, 1)) / 10
        return min(max(fitting, THINNEST), LANE)

    @property
    def height(self) -> int:
        """Pixels of all rows."""
        return round(self.pitch * self.count)

    @property
    def bar(self) -> float:
        """How high a bar is."""
        return round(self.pitch * BAR, 1)

    @property
    def two_lines(self) -> bool:
        """Whether the OS thread's number has a line of its own."""
        return self.pitch >= 2 * LETTERS

    @property
    def captions(self) -> bool:
        """Whether bars have room for captions."""
        return self.bar >= LETTERS

    @property
    def tick(self) -> float:
        """How high a tick is: small below a bar's caption, or as high as a bar without one."""
        if not self.captions:
            return self.bar
        return TICK if self.two_lines else LOW_TICK

    @property
    def ticks(self) -> bool:
        """Whether single messages can be told apart from the edges of bars."""
        return self.bar >= BETWEEN

    @property
    def overhang(self) -> float:
        """Where the mark of a failure begins: above the bar if that is too thin for it."""
        return min(math.floor(5 * (self.bar - ALARM)) / 10, 0.0)

    @property
    def named(self) -> int:
        """Every how many rows one is named, so that no name covers another."""
        return -int(-LETTERS // self.pitch)
