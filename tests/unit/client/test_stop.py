"""SIGTERM and SIGINT as something that one can wait for."""

import os
import signal
import socket
import threading

import pytest

from client.stop import Stopped, StopSignal

FOR_EVER = 3600.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_came_before_the_wait_is_not_lost(number: int) -> None:
    with StopSignal() as stop:
        assert not stop.is_set()
        signal.raise_signal(number)
        stop.sleep(FOR_EVER)
        assert stop.is_set()


def test_a_signal_ends_a_wait_that_has_begun() -> None:
    with StopSignal() as stop:
        thread = threading.Thread(target=lambda: os.kill(os.getpid(), signal.SIGTERM))
        thread.start()
        stop.sleep(FOR_EVER)
        thread.join()
        assert stop.is_set()


def test_once_set_it_ends_every_later_wait() -> None:
    with StopSignal() as stop, socket.create_server(("127.0.0.1", 0)) as silent:
        signal.raise_signal(signal.SIGTERM)
        for _ in range(3):
            stop.sleep(FOR_EVER)
            with pytest.raises(Stopped):
                stop.readable(silent)


def test_any_number_of_signals_is_one() -> None:
    with StopSignal() as stop:
        for _ in range(3000):  # more than the socket pair has room for
            signal.raise_signal(signal.SIGINT)
        assert stop.is_set()


def test_without_a_signal_a_wait_tells_whether_it_was_worth_it() -> None:
    here, there = socket.socketpair()
    with StopSignal() as stop, here, there:
        assert not stop.readable(here, 0.001)
        assert stop.writable(here, FOR_EVER)
        there.send(b"!")
        assert stop.readable(here)
        stop.sleep(0.001)
        assert not stop.is_set()


def test_the_signal_goes_before_what_is_ready() -> None:
    here, there = socket.socketpair()
    with StopSignal() as stop, here, there:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Stopped):
            stop.writable(here, FOR_EVER)


def test_afterwards_all_is_as_it_was_before() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    with StopSignal():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1
