"""How often a watcher looks: RATE times a second, or less if that would cost more than SHARE."""

import time

RATE = 50.0  # looks a second
SHARE = 0.1  # of a core: where looking would cost more, the rate falls
NEWEST = 0.2  # of the mean cost: what the last look counts for


class Pace:
    """Of the thread that looks."""

    def __init__(self) -> None:
        self._cost = 0.0  # of a look, seconds of processor time
        self._began = self._spent = 0.0

    def begin(self) -> None:
        """Before a look."""
        self._began, self._spent = time.monotonic(), time.thread_time()

    def pause(self) -> float:
        """After it: seconds until the next."""
        self._cost += NEWEST * (time.thread_time() - self._spent - self._cost)
        return max(1 / self.rate - (time.monotonic() - self._began), 0)

    @property
    def rate(self) -> float:
        """Looks a second."""
        return min(RATE, SHARE / self._cost) if self._cost else RATE
