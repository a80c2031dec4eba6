"""How often a watcher looks: RATE times a second, or less if that costs more than SHARE."""

import time

RATE = 50.0  # looks per second
SHARE = 0.1  # of a core: if looks would cost more, the rate falls
NEWEST = 0.2  # the weight of the last look in the mean cost


class Pace:
    """Paces looks by their cost in CPU time, measured in the calling thread."""

    def __init__(self) -> None:
        self._cost = 0.0  # of a look, on average: seconds of CPU time
        self._began = self._spent = 0.0

    def begin(self) -> None:
        """Start timing a look."""
        self._began, self._spent = time.monotonic(), time.thread_time()

    def pause(self) -> float:
        """Stop timing the look; return the seconds until the next one."""
        self._cost += NEWEST * (time.thread_time() - self._spent - self._cost)
        return max(1 / self.rate - (time.monotonic() - self._began), 0)

    @property
    def rate(self) -> float:
        """Looks per second."""
        return min(RATE, SHARE / self._cost) if self._cost else RATE
