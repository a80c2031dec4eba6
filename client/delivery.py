"""One message on its way: how often it was sent, for how long it is tried, what became of it.

An outage begins when a connection first fails the message and ends when the message is answered:
a server that greets and hangs up, over and over, does not keep it going for ever. The time spent
waiting for a greeting is not counted if the server had an answer in the end: then all was well,
and it was not yet our turn.
"""

import time
from collections.abc import Callable
from enum import StrEnum

from structlog.typing import FilteringBoundLogger
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from client.connection import Hopeless, Lost, Refused
from client.dialect import Reply
from client.stop import Stopped, StopSignal

FIRST_BACKOFF, MAX_BACKOFF = 0.1, 2.0  # seconds; full jitter: anything from 0 to that
LINE_INTERVAL = 5.0  # seconds between two log lines about one outage, at least


class Outcome(StrEnum):
    """What became of a message."""

    ANSWERED = "answered"
    REFUSED = "refused"  # the server will not have it, now or later
    UNKNOWN = "unknown"  # sent but not answered: the server may have taken it, or not
    NOT_SENT = "not sent"


class Unanswered(Exception):
    """A message has no reply. Only after REFUSED can the conversation go on."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


class Delivery:
    """Tries one message again after each Lost, for `outage` seconds at most."""

    def __init__(
        self, message: str, outage: float, stop: StopSignal, log: FilteringBoundLogger
    ) -> None:
        self.message = message
        self.sent = 0  # times; counted by whoever sends it
        self._outage = outage
        self._stop = stop
        self._log = log
        self._ends: float | None = None  # the outage, by the monotonic clock, once there is one
        self._next_line = 0.0  # when the log may say again that it lasts

    def until_answered(self, attempt: Callable[["Delivery"], Reply]) -> Reply:
        """Return what one attempt returns; else raise Unanswered, or Stopped if nothing was sent.

        A signal to stop ends it at the next failure, and at once while it waits.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(Lost),
            wait=wait_random_exponential(multiplier=FIRST_BACKOFF, max=MAX_BACKOFF),
            stop=self._is_over,
            before_sleep=self._report,
            sleep=self._stop.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt, self)
        except Refused as refusal:
            raise Unanswered(Outcome.REFUSED, str(refusal)) from refusal
        except Hopeless as end:
            raise Unanswered(self._outcome, str(end)) from end
        except (Lost, Stopped) as end:
            if not self._stop.is_set():
                why = f"gave up after {self._outage:g} s: {end}"
                raise Unanswered(self._outcome, why) from end
            if not self.sent:
                raise Stopped("a signal came before the message was sent") from end
            raise Unanswered(Outcome.UNKNOWN, f"stopped: {end}") from end

    def discount(self, seconds: float) -> None:
        """Let so many seconds that have just passed not count as outage."""
        if self._ends is not None:
            self._ends += seconds

    @property
    def _outcome(self) -> Outcome:
        return Outcome.UNKNOWN if self.sent else Outcome.NOT_SENT

    def _is_over(self, _state: RetryCallState) -> bool:
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._outage
        return now >= self._ends or self._stop.is_set()

    def _report(self, state: RetryCallState) -> None:
        now = time.monotonic()
        if self._ends is not None and state.outcome is not None and now >= self._next_line:
            self._next_line = now + LINE_INTERVAL
            why, left = str(state.outcome.exception()), round(self._ends - now, 1)
            self._log.warning("no connection, trying again", why=why, gives_up_in=left)
