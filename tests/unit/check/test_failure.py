"""How a check ends where it does not pass, and how long anything is waited for."""

import time

import pytest

from client.check.failure import Failed, Gone, OutOfTime, Patience, said_of

LONG = 1000.0  # seconds


def test_a_failure_is_said_of_somebody_and_keeps_its_kind() -> None:
    with pytest.raises(Gone, match=r"^client 2: no answer$"), said_of("client 2"):
        raise Gone("no answer")


def test_what_was_not_tried_is_said_of_nobody() -> None:
    with pytest.raises(OutOfTime, match=r"^$"), said_of("client 2"):
        raise OutOfTime


def test_a_wait_is_as_long_as_its_time_out_or_as_what_is_left_of_all() -> None:
    now = time.monotonic()
    assert Patience(10, now + LONG).until() < now + LONG / 2
    assert Patience(LONG, now + 10).until() == now + 10


def test_no_wait_begins_after_the_end() -> None:
    with pytest.raises(OutOfTime):
        Patience(LONG, time.monotonic()).until()


def test_a_wait_that_had_its_time_is_the_servers_failure_and_no_other() -> None:
    failure = Patience(3, time.monotonic() + LONG).ran_out("no answer")
    assert isinstance(failure, Failed)
    assert str(failure) == "no answer within 3 s"
    assert isinstance(Patience(3, time.monotonic()).ran_out("no answer"), OutOfTime)
