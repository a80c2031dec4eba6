"""SIGTERM and SIGINT as a socket to wait on."""

import os
import select
import signal

import pytest

from server.chat.signals import NUMBERS, stop_signals
from tests.kit.waiting import SECONDS

pytestmark = pytest.mark.usefixtures("handlers")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_is_a_stop_even_before_anyone_waits_and_nothing_afterwards(number: int) -> None:
    with stop_signals() as stop:
        assert select.select([stop], [], [], 0)[0] == []
        os.kill(os.getpid(), number)
        assert select.select([stop], [], [], SECONDS)[0] == [stop]
    signal.raise_signal(number)
    assert signal.set_wakeup_fd(-1) == -1


def test_many_signals_are_one_stop() -> None:
    with stop_signals() as stop:
        for _ in range(2_000):  # more than the socket holds
            signal.raise_signal(signal.SIGTERM)
        assert select.select([stop], [], [], SECONDS)[0] == [stop]
