"""The facts of one session: its client, its thread, times, amounts, and why it ended.

Times are Unix seconds. The size of a record is bounded, however long the session lasts.
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
# Why a client is refused over TLS: the handshake failed, or we do not trust its certificate.
Doubt = Literal["handshake", "no-certificate", "untrusted", "expired"]
Tls = Literal["", "handshake", "encrypted", "proven"]  # proven: the client's name is verified


def thread_name(replica: str, thread: str) -> str:
    """Return the thread's name, after the replica's if there is one: each has a Thread-1."""
    return f"{replica}/{thread}" if replica else thread


@dataclass(slots=True, eq=False)
class Record:
    """One session. The registry sets its state, the resolver its name; its own thread counts."""

    number: int
    peer: str  # host:port
    accepted_at: float
    client: str = ""  # the peer's name if it is known, else its address
    thread: str | None = None
    native_id: int | None = None
    state: State = "waiting"
    served_at: float | None = None
    closed_at: float | None = None
    messages: int = 0
    refused: int = 0  # of these: not valid text, or too long
    bytes_in: int = 0
    bytes_out: int = 0
    end: End | None = None
    tls: Tls = ""
    ticks: Ticks = field(default_factory=Ticks, compare=False)
    answers: Histogram = field(default_factory=lambda: Histogram(SHORT), compare=False)

    def copy(self) -> "Record":
        """Return an independent copy."""
        copied = Record(*FACTS(self))
        copied.ticks, copied.answers = self.ticks.copy(), self.answers.copy()
        return copied

    def waited(self, at: float) -> float:
        """Return the seconds from the accept until it was served or closed, or until `at`."""
        return (self.served_at or self.closed_at or at) - self.accepted_at


FACTS = attrgetter(*(fact.name for fact in fields(Record)))
