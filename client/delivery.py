"""One message on its way: how often it was sent, how long to keep trying, how it ended.

An outage begins when a connection first fails the message and ends when the message is answered:
a server that greets and hangs up, over and over, does not extend it. A wait for a greeting does
not count if the server answered in the end: it was simply not our turn yet.
"""

import random
import time
from collections.abc import Callable
from enum import StrEnum

from client.connection import Hopeless, Lost, Refused
from client.log import Log
from client.protocol import Reply
from client.signals import Stopped, StopSignal

FIRST_BACKOFF, MAX_BACKOFF = 0.1, 2.0  # seconds; full jitter: anything from 0 to that
LINE_INTERVAL = 5.0  # seconds between two log lines about one outage, at least


class Outcome(StrEnum):
    """How a message ended."""

    ANSWERED = "answered"
    REFUSED = "refused"  # the server will not take it, now or later
    UNKNOWN = "unknown"  # sent but not answered: the server may have taken it, or not
    NOT_SENT = "not sent"


class Unanswered(Exception):
    """A message got no reply. Only after REFUSED can the conversation go on."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class Delivery:
    """Retries one message after each Lost, for at most `outage` seconds."""

    def __init__(self, message: str, outage: float, stop: StopSignal, log: Log) -> None:
        self.message = message
        self.sent = 0  # how often; the sender counts
        self._outage = outage
        self._stop = stop
        self._log = log
        self._ends: float | None = None  # when the outage ends (monotonic), once there is one
        self._next_line = 0.0  # when the log may mention it again

    def until_answered(self, attempt: Callable[["Delivery"], Reply]) -> Reply:
        """Retry until an attempt succeeds. Raises Unanswered, or Stopped if nothing was sent.

        A signal to stop ends it at the next failure, and at once while it waits.
        """
        backoff = FIRST_BACKOFF
        while True:
            try:
                return attempt(self)
            except Refused as refusal:
                raise Unanswered(Outcome.REFUSED, str(refusal)) from refusal
            except Hopeless as end:
                raise self._unanswered(str(end)) from end
            except (Lost, Stopped) as loss:
                self._bear(loss)
            self._stop.sleep(random.uniform(0, backoff))  # noqa: S311 - it is no secret
            backoff = min(2 * backoff, MAX_BACKOFF)

    def _bear(self, loss: Lost | Stopped) -> None:
        """Log the loss now and then; raise if no time is left or a signal has come."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._outage
        if self._stop.is_set():
            if not self.sent:
                raise Stopped("a signal came before the message was sent") from loss
            raise self._unanswered(f"stopped: {loss}") from loss
        if now >= self._ends:
            raise self._unanswered(f"gave up after {self._outage:g} s: {loss}") from loss
        if now >= self._next_line:
            self._next_line = now + LINE_INTERVAL
            left = round(self._ends - now, 1)
            self._log.warning("no connection, trying again", why=str(loss), gives_up_in=left)

    def discount(self, seconds: float) -> None:
        """Do not count the last `seconds` as outage."""
        if self._ends is not None:
            self._ends += seconds

    def _unanswered(self, why: str) -> Unanswered:
        return Unanswered(Outcome.UNKNOWN if self.sent else Outcome.NOT_SENT, why)
