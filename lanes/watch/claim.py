"""A claim: which thread serves a connection, and how that is known."""

from typing import Literal, NamedTuple

from lanes.snapshot import CERTAIN
from lanes.watch.process import ThreadId

How = Literal[
    "direct", "polled", "remembered", "born together", "only one busy", "unknown", "has left"
]


class Claim(NamedTuple):
    """That `thread` serves a connection; None if it is not known which thread does."""

    thread: ThreadId | None
    how: How

    @property
    def certain(self) -> bool:
        """Whether no other thread can be the one."""
        return self.how in CERTAIN


UNKNOWN = Claim(None, "unknown")
