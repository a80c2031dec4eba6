"""One session of a server: who serves whom, since when, and how it ended.

Moments are Unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

Tick = tuple[float, float, int]  # when messages came and were answered, and how many

PROVEN = "\N{CHECK MARK}"
GOODBYES = {None, "bye", "closed"}  # no end, or a good one; from outside, every end is `closed`
VISIT = 1.0  # seconds; a session that takes less was a short visit
CERTAIN = {"", "direct", "remembered"}  # empty: the server itself reports it
LEFT: Final = "has left"  # the client has, but the server has not closed the connection


@dataclass(frozen=True, slots=True)
class Session:
    """One session; its moments are in order."""

    number: int
    replica: str
    peer: str
    client: str
    thread: str | None
    native_id: int | None
    state: str
    accepted_at: float
    served_at: float | None
    closed_at: float | None
    messages: int
    bytes_in: int
    bytes_out: int
    end: str | None
    ticks: tuple[Tick, ...]
    how: str = ""  # how it is known which thread serves it, if it was seen from outside
    where: str = ""  # where that thread is now
    tls: str = ""  # `handshake`, `encrypted` or `proven`; empty without TLS
    refused: int = 0  # how many of its messages were refused
    sized: bool = True  # whether its bytes are known: at an earlier moment they are not

    @property
    def key(self) -> str:
        """What identifies it among the sessions of all servers."""
        return f"{self.replica}/{self.number}" if self.replica else str(self.number)

    @property
    def name(self) -> str:
        """The client's name, marked if a certificate proves it."""
        return f"{self.client} {PROVEN}" if self.tls == "proven" else self.client

    @property
    def standing(self) -> str:
        """How it ended, or its state now."""
        return self.end or (f"{self.state} (handshake)" if self.tls == "handshake" else self.state)

    @property
    def certain(self) -> bool:
        """Whether it is certain which thread serves it."""
        return self.how in CERTAIN

    @property
    def failed(self) -> bool:
        """Whether it ended without a goodbye; from outside that is not known."""
        return self.end not in GOODBYES

    @property
    def is_visit(self) -> bool:
        """Whether it was short, and ended well."""
        closed = self.closed_at
        return closed is not None and not self.failed and closed - self.accepted_at < VISIT

    def waited(self, at: float) -> float:
        """Seconds until it was served or closed, or until `at`."""
        return (self.served_at or self.closed_at or at) - self.accepted_at

    def served(self, at: float) -> float:
        """Seconds that it was served, until `at` if it still is."""
        return (self.closed_at or at) - self.served_at if self.served_at else 0.0

    def after(self, earlier: "Session | None") -> "Session":
        """Return it with the ticks known earlier, of which only the last may have grown."""
        if not earlier or not earlier.ticks:
            return self
        *done, (last, *_) = earlier.ticks
        new = [tick for tick in self.ticks if tick[0] >= last]
        return replace(self, ticks=(*done, *new))

    def thinned(self, most: int) -> "Session":
        """Return it with at most `most` ticks and the last: merges neighbours, counts are exact."""
        if len(self.ticks) <= most + 1:
            return self
        *done, last = self.ticks
        together = -(-len(done) // max(most, 1))
        merged = [done[first : first + together] for first in range(0, len(done), together)]
        return replace(self, ticks=(*map(_merge, merged), last))


def _merge(ticks: Sequence[Tick]) -> Tick:
    return ticks[0][0], ticks[-1][1], sum(messages for *_, messages in ticks)
