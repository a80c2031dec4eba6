"""SIGTERM and SIGINT end every wait on a StopSignal."""

import signal
import socket

import pytest

from client.signals import Stopped, StopSignal

FOR_EVER = 3600.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_later_wait(stop: StopSignal, number: int) -> None:
    here, there = socket.socketpair()
    with here, there:
        assert not stop.is_set()
        signal.raise_signal(number)
        for _ in range(2):
            stop.sleep(FOR_EVER)
            with pytest.raises(Stopped):
                stop.readable(here)
            with pytest.raises(Stopped):
                stop.writable(here, FOR_EVER)
        assert stop.is_set()


def test_many_signals_count_as_one(stop: StopSignal) -> None:
    for _ in range(3000):  # more than the socket pair has room for
        signal.raise_signal(signal.SIGINT)
    assert stop.is_set()


def test_without_a_signal_a_wait_says_whether_the_socket_is_ready(stop: StopSignal) -> None:
    here, there = socket.socketpair()
    with here, there:
        assert not stop.readable(here, 0.001)
        assert stop.writable(here, FOR_EVER)
        there.send(b"!")
        assert stop.readable(here)
        stop.sleep(0.001)
        assert not stop.is_set()


def test_the_old_signal_handlers_are_restored() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    with StopSignal():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1
