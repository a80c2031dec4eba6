"""SIGTERM and SIGINT as a socket to wait on along with connections: the self-pipe trick.

The interpreter writes a byte to the wake-up socket when a signal arrives (`signal.set_wakeup_fd`),
so no signal is missed, not even one just before the call that waits. The handlers do nothing.
"""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_signals() -> Iterator[socket.socket]:
    """Yield a socket that becomes readable on SIGTERM or SIGINT. Only for the main thread."""
    woken, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    with woken, wakeup:
        before = signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        # They stay: a second signal must not kill the program while it is ending.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _ignore)
        try:
            yield woken
        finally:
            signal.set_wakeup_fd(before)


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the wake-up socket reports the signal."""
