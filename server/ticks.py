"""When something happened: enough moments for a picture, however often it happens.

One thread adds and others copy meanwhile, so there is a lock: without a GIL, one copy of eight had
half a tick at its end. Nobody holds it for longer than a copy takes.
"""

import threading
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple

TICKS = 240  # the most that are remembered: the last minute, and more where less happens
GAP = 0.25  # seconds from one to the next: what comes sooner is counted on the one before


class Tick(NamedTuple):
    """So many events, from the beginning of the first to the end of the last."""

    began: float
    ended: float
    events: int


class Ticks:
    """The last 240, in order; thinned, but each has an exact count."""

    __slots__ = ("_flat", "_lock")

    def __init__(self) -> None:
        self._flat = array("d")  # began, ended, count; and again: 24 bytes a tick
        self._lock = threading.Lock()

    def add(self, began: float, ended: float, count: int) -> None:
        """Count so many events, on the tick before where that began less than GAP ago."""
        flat = self._flat
        with self._lock:
            if flat and began - flat[-3] < GAP:
                flat[-2] = ended
                flat[-1] += count
            else:
                if len(flat) == 3 * TICKS:
                    del flat[:3]
                flat.extend((began, ended, count))

    def copy(self) -> "Ticks":
        """The same, for a reader to keep."""
        copied = Ticks()
        with self._lock:
            copied._flat = self._flat[:]
        return copied

    def moments(self) -> Sequence[float]:
        """When each began."""
        return self._flat[::3]

    def __iter__(self) -> Iterator[Tick]:
        flat = iter(self._flat)
        for began, ended, events in zip(flat, flat, flat, strict=True):
            yield Tick(began, ended, int(events))
