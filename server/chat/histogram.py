"""A histogram that counts as Prometheus's do, without its library."""

from bisect import bisect_left
from operator import add

# Inclusive upper bounds in seconds.
SHORT = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1.0, 10.0)
LONG = (0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


class Histogram:
    """A count for each bound, one for everything above the bounds, and the sum.

    The sum is in whole nanoseconds, which add up to the same in any order. With floats a sum could
    come out lower, and Prometheus would take that for a restart. If another thread adds during a
    copy, its counts and its sum may be from different moments; none of them ever decreases.
    """

    __slots__ = ("bounds", "counts", "nanoseconds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.nanoseconds = 0

    @property
    def sum(self) -> float:
        """The sum of all observations, in seconds."""
        return self.nanoseconds / 1e9

    def observe(self, seconds: float, count: int = 1) -> None:
        """Add `count` observations of `seconds` each."""
        self.counts[bisect_left(self.bounds, seconds)] += count
        self.nanoseconds += int(seconds * 1e9) * count

    def add(self, other: "Histogram") -> None:
        """Add another histogram with the same bounds."""
        self.counts = list(map(add, self.counts, other.counts))
        self.nanoseconds += other.nanoseconds

    def copy(self) -> "Histogram":
        """Return an independent copy."""
        copied = Histogram(self.bounds)
        copied.counts, copied.nanoseconds = self.counts[:], self.nanoseconds
        return copied
