"""How a check ends without passing, and how long it waits for anything."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Failed(Exception):
    """The claim does not hold; the text is the evidence."""

    def __init__(self, evidence: str, hint: str = "") -> None:
        """A `hint` is the likely cause, if it is known better than by the check alone."""
        super().__init__(evidence)
        self.hint = hint


class Gone(Failed):
    """The server no longer listens."""


class HungUp(Failed):
    """The server ended the connection."""


class Endless(Failed):
    """The server sends so much that it is taken not to stop."""

    def __init__(
        self,
        evidence: str,
        hint: str = "the server sends again and again what it should send once: an endless loop",
    ) -> None:
        super().__init__(evidence, hint)


class NoHandshake(Failed):
    """TCP connects, but the server does not shake hands over it."""


class Mute(Failed):
    """The server speaks and answers nothing, so that no other check can tell anything."""


class OutOfTime(Exception):
    """The time for all checks has run out; that says nothing about the server."""


class Unseen(Exception):
    """Whether the claim holds cannot be seen from here; the text says why."""


@contextmanager
def said_of(subject: str) -> Iterator[None]:
    """If it fails inside, begin the evidence with what, or which client, it is about."""
    try:
        yield
    except Failed as failure:
        raise type(failure)(f"{subject}: {failure}", failure.hint) from None


@dataclass(slots=True)
class Patience:
    """How long one wait may take, and all of them together."""

    timeout: float  # seconds
    deadline: float  # by the monotonic clock

    def until(self, since: float | None = None) -> float:
        """When a wait since then, or from now on, must end; raises OutOfTime if none may begin."""
        now = time.monotonic()
        if now >= self.deadline:
            raise OutOfTime
        return min((now if since is None else since) + self.timeout, self.deadline)

    @contextmanager
    def at_least(self, seconds: float) -> Iterator[None]:
        """Be more patient for a while."""
        usual, self.timeout = self.timeout, max(self.timeout, seconds)
        try:
            yield
        finally:
            self.timeout = usual

    def ran_out(self, what: str, failed: type[Failed] = Failed) -> Failed | OutOfTime:
        """What to raise when a wait has ended: the server failed only if it had its full time."""
        if time.monotonic() >= self.deadline:
            return OutOfTime()
        return failed(f"{what} within {self.timeout:g} s")
