"""How a check can end without passing, and how long it waits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Failed(Exception):
    """The claim does not hold; the text is the evidence."""

    def __init__(self, evidence: str, hint: str = "") -> None:
        """`hint` is the likely cause, if more is known about it than the check's own hint says."""
        super().__init__(evidence)
        self.hint = hint


class Gone(Failed):
    """The server no longer listens."""


class HungUp(Failed):
    """The server ended the connection."""


class Endless(Failed):
    """The server sends so much that its output counts as endless."""

    def __init__(
        self,
        evidence: str,
        hint: str = "the server sends again and again what it should send once: an endless loop",
    ) -> None:
        super().__init__(evidence, hint)


class NoHandshake(Failed):
    """TCP connects, but the server does not do the TLS handshake."""


class Mute(Failed):
    """The server sends, but does not answer, so that no other check can find out anything."""


class OutOfTime(Exception):
    """The time for all checks has run out; that says nothing about the server."""


class Unseen(Exception):
    """Whether the claim holds cannot be seen from here; the text says why."""


@contextmanager
def said_of(subject: str) -> Iterator[None]:
    """Prefix the evidence of a failure in the block with what, or which client, it is about."""
    try:
        yield
    except Failed as failure:
        raise type(failure)(f"{subject}: {failure}", failure.hint) from None


@dataclass(slots=True)
class Patience:
    """How long one wait may take, and all waits together."""

    timeout: float  # seconds
    deadline: float  # by the monotonic clock

    def until(self, since: float | None = None) -> float:
        """Return when a wait since `since`, or from now, must end; may raise OutOfTime."""
        now = time.monotonic()
        if now >= self.deadline:
            raise OutOfTime
        return min((now if since is None else since) + self.timeout, self.deadline)

    @contextmanager
    def at_least(self, seconds: float) -> Iterator[None]:
        """Raise the time-out to at least `seconds` in the block."""
        usual, self.timeout = self.timeout, max(self.timeout, seconds)
        try:
            yield
        finally:
            self.timeout = usual

    def ran_out(self, what: str, failed: type[Failed] = Failed) -> Failed | OutOfTime:
        """Return what to raise after a wait: the server failed only if it had its full time."""
        if time.monotonic() >= self.deadline:
            return OutOfTime()
        return failed(f"{what} within {self.timeout:g} s")
