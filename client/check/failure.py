"""How a check ends where it does not pass, and how long anything is waited for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Failed(Exception):
    """The claim does not hold; the text is the evidence."""


class Gone(Failed):
    """Nobody listens there any more."""


class OutOfTime(Exception):
    """The time for all checks is over: nothing is said of the server."""


@contextmanager
def said_of(whom: str) -> Iterator[None]:
    """Say of whom, or of what, it was, where it fails."""
    try:
        yield
    except Failed as failure:
        raise type(failure)(f"{whom}: {failure}") from None


@dataclass(slots=True)
class Patience:
    """How long one wait may take, and all of them together."""

    timeout: float  # seconds
    deadline: float  # by the monotonic clock

    def until(self) -> float:
        """When a wait that begins now is over; raises OutOfTime if it may not begin."""
        now = time.monotonic()
        if now >= self.deadline:
            raise OutOfTime
        return min(now + self.timeout, self.deadline)

    def ran_out(self, what: str) -> Failed | OutOfTime:
        """What to raise when a wait is over: it is the server's fault only if it had its time."""
        if time.monotonic() >= self.deadline:
            return OutOfTime()
        return Failed(f"{what} within {self.timeout:g} s")
