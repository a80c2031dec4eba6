"""The facts of one session: who, which thread, from when to when, how much, and why it ended.

Times are Unix seconds. What is kept of a session is bounded, however much it says.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from server.histogram import SHORT, Histogram
from server.ticks import Ticks

# Why a session ended; server/session.py says what each means.
End = Literal["bye", "lost", "too-long", "idle", "slow", "closing", "unread", "aborted", "failed"]
State = Literal["waiting", "serving", "closed"]


@dataclass(slots=True)
class Record:
    """One session: the registry changes its state, the resolver names it, its own thread counts."""

    number: int
    peer: str  # host:port
    accepted_at: float
    client: str = ""  # the peer's name where it has one: server/resolver.py finds it
    replica: str = ""  # the server, where it is one of several
    thread: str | None = None
    native_id: int | None = None
    state: State = "waiting"
    served_at: float | None = None
    closed_at: float | None = None
    messages: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    end: End | None = None
    ticks: Ticks = field(default_factory=Ticks, compare=False)
    answers: Histogram = field(default_factory=lambda: Histogram(SHORT), compare=False)

    def copy(self) -> "Record":
        """The same, for a reader to keep."""
        return replace(self, ticks=self.ticks.copy(), answers=self.answers.copy())

    def waited(self, at: float) -> float:
        """Seconds from the accept until it was served, or closed, or until `at`."""
        return (self.served_at or self.closed_at or at) - self.accepted_at

    def served(self, at: float) -> float:
        """Seconds for which it was served, until `at` if it still is."""
        return 0.0 if self.served_at is None else (self.closed_at or at) - self.served_at

    def facts(self) -> dict[str, Any]:
        """What JSON shows of it; `Record(**facts)` is the way back."""
        return {name: getattr(self, name) for name in FACTS}


FACTS = [field.name for field in fields(Record) if field.compare]
