"""How the messages of one run ended: the counts, and a list of those not answered."""

import time
from collections import Counter

from client.conversation import Conversation
from client.delivery import Outcome
from client.log import Log
from client.protocol import Reply

LISTED = 10  # unanswered messages, at most; the rest are only counted
SHOWN = 80  # characters of each


class Tally:
    """Counts outcomes and remembers the first few messages that were not answered."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._counts: Counter[Outcome] = Counter()
        self._threads: dict[str, None] = {}  # a set that keeps the order
        self._unanswered: list[dict[str, object]] = []

    @property
    def messages(self) -> int:
        """How many messages have an outcome so far."""
        return self._counts.total()

    @property
    def all_answered(self) -> bool:
        """Whether every message that has an outcome was answered."""
        return self._counts[Outcome.ANSWERED] == self.messages

    def answered(self, reply: Reply) -> None:
        """Count a message that was answered."""
        self._counts[Outcome.ANSWERED] += 1
        if reply.thread is not None:
            self._threads[reply.thread] = None

    def unanswered(self, message: str, outcome: Outcome, why: str) -> None:
        """Count a message that was not answered."""
        self._counts[outcome] += 1
        if len(self._unanswered) < LISTED:
            facts = {"message": message[:SHOWN], "outcome": outcome.value, "why": why}
            self._unanswered.append({"number": self.messages, **facts})

    def report(self, log: Log, conversation: Conversation) -> None:
        """Log the unanswered messages, one per line, and a summary."""
        for facts in self._unanswered:
            log.error("not answered", **facts)
        unlisted = self.messages - self._counts[Outcome.ANSWERED] - len(self._unanswered)
        if unlisted:
            log.error("and more", count=unlisted)
        log.info(
            "summary",
            messages=self.messages,
            **{outcome.name.lower(): self._counts[outcome] for outcome in Outcome},
            resent=conversation.resent,
            connections=conversation.connections,
            threads=list(self._threads),
            seconds=round(time.monotonic() - self._began, 3),
        )
