"""SIGTERM and SIGINT as a socket to wait on along with connections: the self-pipe trick.

The interpreter writes a byte to the wake-up socket when a signal arrives (`signal.set_wakeup_fd`),
so no signal is missed, not even one just before the call that waits. The handlers do nothing.
"""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

NUMBERS = signal.SIGTERM, signal.SIGINT


@contextmanager
def stop_signals() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable on SIGTERM or SIGINT. Only for the main thread."""
    woken, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    with woken, wakeup:
        before = signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        for number in NUMBERS:
            signal.signal(number, _ignore)
        try:
            yield woken
        finally:
            # A second signal must not kill the program while it is ending. Python removes its own
            # handlers before it exits, but not this one.
            for number in NUMBERS:
                signal.signal(number, signal.SIG_IGN)
            signal.set_wakeup_fd(before)


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the wake-up socket reports the signal."""
