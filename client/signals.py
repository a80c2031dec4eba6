"""SIGTERM and SIGINT: they end every wait except the one for a reply.

A flag set by a signal handler misses the signal that arrives just before a blocking call. Here the
interpreter itself writes a byte into a socket pair for each signal (`signal.set_wakeup_fd`), and
every wait that a signal may cut short is a `select` on that pair too. The byte is never read, so
from the first signal on none of these waits blocks.
"""

import select
import signal
import socket
from typing import Self

Waitable = socket.socket | int  # or a file descriptor


class Stopped(Exception):
    """SIGTERM or SIGINT ended a wait."""


class StopSignal:
    """Catches SIGTERM and SIGINT while it is entered; only the main thread may enter it.

    After a signal, later ones are ignored, so that none can kill the program while it is ending.
    (Python removes its own handlers before it exits, but not SIG_IGN.)
    """

    def __enter__(self) -> Self:
        self._bell, self._ringer = socket.socketpair()
        self._ringer.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        self._old_handlers = {
            # The byte is written only for a signal with a Python handler, so set an empty one.
            number: signal.signal(number, lambda _number, _frame: None)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(self, *_: object) -> None:
        ending = self.is_set()
        for number, handler in self._old_handlers.items():
            signal.signal(number, signal.SIG_IGN if ending else handler)
        signal.set_wakeup_fd(self._old_fd)
        self._bell.close()
        self._ringer.close()

    def is_set(self) -> bool:
        """Whether a signal has come."""
        return self._bell in self._ready([], [], 0)

    def sleep(self, seconds: float) -> None:
        """Wait that long, or until a signal comes."""
        self._ready([], [], seconds)

    def readable(self, source: Waitable, seconds: float | None = None) -> bool:
        """Wait for something to read (by default forever): True, or False if time is up.

        Raises Stopped if a signal comes first.
        """
        return self._unless_stopped(self._ready([source], [], seconds))

    def writable(self, sink: Waitable, seconds: float) -> bool:
        """Wait for room to write, or until a connect succeeds or fails; else as `readable`."""
        return self._unless_stopped(self._ready([], [sink], seconds))

    def _ready(
        self, sources: list[Waitable], sinks: list[Waitable], seconds: float | None
    ) -> list[Waitable]:
        # Windows reports a failed connect in the third list.
        ready = select.select([self._bell, *sources], sinks, sinks, seconds)
        return [one for found in ready for one in found]

    def _unless_stopped(self, ready: list[Waitable]) -> bool:
        if self._bell in ready:
            raise Stopped("a signal came first")
        return bool(ready)
