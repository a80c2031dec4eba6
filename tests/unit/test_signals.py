"""SIGTERM and SIGINT as something to wait for."""

import os
import select
import signal

import pytest

from server.signals import stop_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_makes_the_socket_readable_even_before_anybody_waits(number: int) -> None:
    with stop_signals() as stop:
        assert select.select([stop], [], [], 0)[0] == []
        os.kill(os.getpid(), number)
        assert select.select([stop], [], [], 10)[0] == [stop]


def test_many_signals_are_one_stop() -> None:
    with stop_signals() as stop:
        for _ in range(100_000):
            signal.raise_signal(signal.SIGTERM)
        assert select.select([stop], [], [], 10)[0] == [stop]


def test_afterwards_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with stop_signals():
        pass
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    assert signal.set_wakeup_fd(-1) == -1
