"""SIGTERM and SIGINT end a program where it waits, never in the middle of something.

An exception from a signal handler can come anywhere: in a weakref's callback it is lost, and in a
lock of `ThreadPoolExecutor` it leaves the program hanging. So the handlers do nothing, and the
interpreter writes a byte to a socket that every wait watches (`signal.set_wakeup_fd`).
"""

import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = signal.SIGTERM, signal.SIGINT

Wait = Callable[[float | None], bool]  # seconds, or None forever -> whether a signal has come


@contextmanager
def until_stopped() -> Iterator[Wait]:
    """Yield a function that waits until time is up or a signal has come. For the main thread.

    After a signal, later ones are ignored, so that none can kill the program while it is ending.
    (Python removes its own handlers before it exits, but not SIG_IGN.)
    """
    woken, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    with woken, wakeup:

        def stopped(seconds: float | None) -> bool:
            return bool(select.select([woken], [], [], seconds)[0])

        fd = signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, _ignore) for number in SIGNALS}
        try:
            yield stopped
        finally:
            ending = stopped(0)
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if ending else handler)
            signal.set_wakeup_fd(fd)


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing: the socket says that a signal has come."""
