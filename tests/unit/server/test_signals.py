"""SIGTERM and SIGINT as something to wait for."""

import os
import select
import signal
from collections.abc import Iterator

import pytest

from server.signals import stop_signals


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


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


def test_a_signal_that_comes_while_the_program_ends_does_nothing() -> None:
    with stop_signals():
        pass
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    assert signal.set_wakeup_fd(-1) == -1
