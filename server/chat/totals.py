"""Sums over all sessions, including forgotten ones: counters that never decrease.

A session counts in its own record, which is added here once, when it closes. A reader adds the
counts of the open sessions so far.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field

from server.chat.histogram import LONG, SHORT, Histogram
from server.chat.record import End, Record


@dataclass(slots=True)
class Totals:
    """Sums over sessions; the histograms are in seconds."""

    messages: int = 0
    refused: int = 0  # of the messages
    bytes_in: int = 0
    bytes_out: int = 0
    ended: Counter[End] = field(default_factory=Counter)
    answers: Histogram = field(default_factory=lambda: Histogram(SHORT))  # received to replied
    waiting: Histogram = field(default_factory=lambda: Histogram(LONG))  # accepted to served
    sessions: Histogram = field(default_factory=lambda: Histogram(LONG))  # accepted to closed

    def fold(self, record: Record, end: End, closed_at: float) -> None:
        """Add a session that has closed."""
        self.count(record)
        self.ended[end] += 1
        self.waiting.observe(record.waited(closed_at))
        self.sessions.observe(closed_at - record.accepted_at)

    def count(self, record: Record) -> None:
        """Add a session's counts so far."""
        self.messages += record.messages
        self.refused += record.refused
        self.bytes_in += record.bytes_in
        self.bytes_out += record.bytes_out
        self.answers.add(record.answers)

    def copy(self) -> "Totals":
        """Return an independent copy."""
        return deepcopy(self)
