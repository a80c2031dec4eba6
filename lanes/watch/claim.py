"""A claim: which thread serves a connection, and how that is known."""

from typing import Literal, NamedTuple

from lanes.session import CERTAIN
from lanes.watch.process import ThreadId

How = Literal[
    "direct", "polled", "remembered", "born together", "only one busy", "unknown", "has left"
]


class Claim(NamedTuple):
    """The claim that `thread` serves a connection; None if that thread is not known."""

    thread: ThreadId | None
    how: How

    @property
    def certain(self) -> bool:
        """Whether the claim is no guess: it is `direct` or `remembered`."""
        return self.how in CERTAIN


UNKNOWN = Claim(None, "unknown")
