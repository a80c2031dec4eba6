"""The facts of one session: who, which thread, from when to when, how much, and why it ended.

Times are Unix seconds. What is kept of a session is bounded, however long it talks.
"""

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Literal

from server.chat.histogram import SHORT, Histogram
from server.chat.ticks import Ticks

# Why a session ended; session.py says what each means.
End = Literal[
    "bye",
    "unfinished",
    "lost",
    "too-long",
    "idle",
    "slow",
    "closing",
    "unread",
    "aborted",
    "failed",
]
State = Literal["waiting", "serving", "closed"]
# Why a client is refused over TLS: no handshake in time, or no certificate that we believe.
Doubt = Literal["handshake", "no-certificate", "untrusted", "expired"]
Tls = Literal["", "handshake", "encrypted", "proven"]  # proven: so is the client's name


def thread_name(replica: str, thread: str) -> str:
    """The thread's name, with the replica's if there are several servers with a Thread-1 each."""
    return f"{replica}/{thread}" if replica else thread


@dataclass(slots=True, eq=False)
class Record:
    """One session: the registry changes its state, the resolver names it, its own thread counts."""

    number: int
    peer: str  # host:port
    accepted_at: float
    client: str = ""  # the peer's name if the resolver finds one, else its address
    thread: str | None = None
    native_id: int | None = None
    state: State = "waiting"
    served_at: float | None = None
    closed_at: float | None = None
    messages: int = 0
    refused: int = 0  # of these: no text, or too long
    bytes_in: int = 0
    bytes_out: int = 0
    end: End | None = None
    tls: Tls = ""
    ticks: Ticks = field(default_factory=Ticks, compare=False)
    answers: Histogram = field(default_factory=lambda: Histogram(SHORT), compare=False)

    def copy(self) -> "Record":
        """The same, for a reader to keep."""
        copied = Record(*FACTS(self))
        copied.ticks, copied.answers = self.ticks.copy(), self.answers.copy()
        return copied

    def waited(self, at: float) -> float:
        """Seconds from the accept until it was served, or closed, or until `at`."""
        return (self.served_at or self.closed_at or at) - self.accepted_at


FACTS = attrgetter(*(fact.name for fact in fields(Record)))
