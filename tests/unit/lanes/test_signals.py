"""SIGTERM and SIGINT end a program where it waits."""

import signal

import pytest

from lanes.signals import SIGNALS, until_stopped

FOR_EVER = 3600.0


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts_nothing_and_ends_the_next_wait(number: int) -> None:
    with until_stopped() as stopped:
        assert not stopped(0)
        signal.raise_signal(number)
        assert stopped(FOR_EVER)
    assert {signal.getsignal(one) for one in SIGNALS} == {signal.SIG_IGN}  # while it ends


def test_without_a_signal_the_handlers_are_restored() -> None:
    before = [signal.getsignal(one) for one in SIGNALS]
    with until_stopped() as stopped:
        assert [signal.getsignal(one) for one in SIGNALS] != before
        assert not stopped(0.001)
    assert [signal.getsignal(one) for one in SIGNALS] == before
    assert signal.set_wakeup_fd(-1) == -1
