"""How high a lane is, and what it has room for: many lanes are thin, and show less each."""

import math
from dataclasses import dataclass

LANE, THINNEST = 36.0, 1.0  # pixels from a lane to the next, as all that follow
BAR = 28 / 36  # of a lane
LETTERS = 13.0  # a line of small text
ALARM = 5.0  # the mark of a failure, at least
BETWEEN = 6.0  # a bar at least that high can have ticks
TICK, LOW_TICK = 9.0, 4.0  # a message's tick at the foot of a bar that has a caption


@dataclass(frozen=True, slots=True)
class Rows:
    """A number of rows in the room that there is, each as high as that allows."""

    count: int
    room: float

    @property
    def pitch(self) -> float:
        """From one row to the next."""
        fitting = int(10 * self.room / max(self.count, 1)) / 10
        return min(max(fitting, THINNEST), LANE)

    @property
    def height(self) -> int:
        """Of all."""
        return round(self.pitch * self.count)

    @property
    def bar(self) -> float:
        """How high a bar is."""
        return round(self.pitch * BAR, 1)

    @property
    def two_lines(self) -> bool:
        """Whether a thread's number of the system's has a line of its own."""
        return self.pitch >= 2 * LETTERS

    @property
    def captions(self) -> bool:
        """Whether a bar says whose it is."""
        return self.bar >= LETTERS

    @property
    def tick(self) -> float:
        """How high a tick is: at the foot of a bar, below its caption; or all of a thin one."""
        if not self.captions:
            return self.bar
        return TICK if self.two_lines else LOW_TICK

    @property
    def ticks(self) -> bool:
        """Whether single messages can be told from the edges of bars."""
        return self.bar >= BETWEEN

    @property
    def overhang(self) -> float:
        """Where the mark of a failure begins: above a bar that is too thin to show it."""
        return min(math.floor(5 * (self.bar - ALARM)) / 10, 0.0)

    @property
    def named(self) -> int:
        """Each how many rows one is named, so that no name covers another."""
        return -int(-LETTERS // self.pitch)
