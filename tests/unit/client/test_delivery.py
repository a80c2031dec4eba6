"""One message: how often it is sent, for how long, and what is logged."""

import io
import signal
from collections.abc import Callable
from itertools import count, pairwise

import pytest

from client import delivery as module
from client.connection import Hopeless, Lost, Refused
from client.delivery import Delivery, Outcome, Unanswered
from client.log import Log
from client.protocol import Complaint, Reply
from client.signals import Stopped, StopSignal
from tests.kit.json_log import records

REPLY = Reply("T-1", "one")
FOR_EVER = 9999  # failures


class Clock:
    """A clock that moves only during a sleep, so that a minute passes at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def stop(clock: Clock, stop: StopSignal, monkeypatch: pytest.MonkeyPatch) -> StopSignal:
    monkeypatch.setattr(stop, "sleep", clock.sleep)
    return stop


@pytest.fixture
def delivery(stop: StopSignal) -> Delivery:
    return Delivery("Hey", 60, stop, Log(io.StringIO(), "json"))


def failing(*failures: Exception, send: bool = True) -> Callable[[Delivery], Reply]:
    """Return an attempt that raises these failures in turn and then succeeds."""
    coming = iter(failures)

    def attempt(delivery: Delivery) -> Reply:
        delivery.sent += send
        for failure in coming:
            raise failure
        return REPLY

    return attempt


def test_lost_messages_are_tried_again_in_growing_pauses(delivery: Delivery, clock: Clock) -> None:
    assert delivery.until_answered(failing(*[Lost("no")] * 10)) == REPLY
    assert delivery.sent == 11
    limits = [0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2, 2, 2]
    assert all(0 <= s <= limit for s, limit in zip(clock.slept, limits, strict=True))
    assert len(set(clock.slept)) > 1, "no jitter"


@pytest.mark.parametrize(("send", "outcome"), [(True, Outcome.UNKNOWN), (False, Outcome.NOT_SENT)])
def test_after_a_minute_it_gives_up_and_says_what_that_means(
    delivery: Delivery, clock: Clock, *, send: bool, outcome: Outcome
) -> None:
    with pytest.raises(Unanswered, match="gave up after 60 s: gone") as end:
        delivery.until_answered(failing(*[Lost("gone")] * FOR_EVER, send=send))
    assert end.value.outcome is outcome
    assert 1060 <= clock.now <= 1062


def test_an_outage_is_logged_about_every_five_seconds(stop: StopSignal) -> None:
    logged = io.StringIO()
    with pytest.raises(Unanswered):
        Delivery("Hey", 60, stop, Log(logged, "json")).until_answered(
            failing(*[Lost("gone")] * FOR_EVER)
        )
    events = records(logged.getvalue())
    [told] = {(e["level"], e["event"], e["why"]) for e in events}
    assert told == ("warning", "no connection, trying again", "gone")
    assert events[0]["gives_up_in"] == 60
    left = [event["gives_up_in"] for event in events]
    assert all(5 <= round(a - b, 1) <= 7.1 for a, b in pairwise(left))
    assert left[-1] < 7.1


def test_the_wait_for_a_greeting_does_not_count(delivery: Delivery, clock: Clock) -> None:
    numbers = count(1)

    def greeted_late_and_dropped(_delivery: Delivery) -> Reply:
        if next(numbers) == 9:
            return REPLY
        clock.now += 50
        delivery.discount(50)
        raise Lost("dropped")

    assert delivery.until_answered(greeted_late_and_dropped) == REPLY


@pytest.mark.parametrize(
    ("failure", "send", "outcome"),
    [
        (Hopeless("why"), True, Outcome.UNKNOWN),
        (Hopeless("why"), False, Outcome.NOT_SENT),
        (Refused(Complaint("too-long", "why")), True, Outcome.REFUSED),
    ],
)
@pytest.mark.parametrize("signalled", [True, False])
def test_hopeless_and_refused_messages_are_reported_and_not_tried_again(
    delivery: Delivery, failure: Exception, *, signalled: bool, send: bool, outcome: Outcome
) -> None:
    if signalled:
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Unanswered, match="why") as end:
        delivery.until_answered(failing(failure, send=send))
    assert (end.value.outcome, delivery.sent) == (outcome, int(send))


@pytest.mark.parametrize("failure", [Lost("gone"), Stopped("gone")])
def test_after_a_signal_only_messages_that_were_sent_are_reported(
    delivery: Delivery, failure: Exception
) -> None:
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        delivery.until_answered(failing(failure, send=False))
    with pytest.raises(Unanswered, match="stopped: gone") as end:
        delivery.until_answered(failing(failure))
    assert (end.value.outcome, delivery.sent) == (Outcome.UNKNOWN, 1)
