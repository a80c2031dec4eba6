"""Ends a watch when the server ends, time is up or a signal comes; ends what it started."""

import contextlib
import math
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lanes.watch.session import Watched

SIGNALS = {signal.SIGINT, signal.SIGTERM}
KERNEL = 0x80  # SI_KERNEL, sigaction(2): sent by the terminal, to all foreground processes
PATIENCE = 10.0  # seconds between SIGTERM and SIGKILL
STEP = 0.1  # seconds between checks of whether the server has ended


@dataclass
class Ending:
    """Ends a server that we started, and the processes that it forked."""

    child: subprocess.Popen[bytes] | None = None  # None: we did not start the server
    forked: dict[int, int] = field(default_factory=dict)  # pid -> pidfd, once it is to end

    def wait(self, watched: Watched, seconds: float | None, step: Callable[[], None]) -> None:
        """Wait until the server has ended, a signal comes, or the time is up.

        If we started the server, signals are passed on, and it ends in its own way.
        """
        child, until = self.child, time.monotonic() + (seconds or math.inf)
        while child.poll() is None if child else not watched.wait(0):
            if time.monotonic() >= until:
                self._know(watched.forked())
                return
            step()
            told = signal.sigtimedwait(SIGNALS, STEP)
            if told and not child:
                return
            if told and child:
                self._know(watched.forked())
                if told.si_code != KERNEL:  # otherwise it has it already
                    child.send_signal(told.si_signo)

    def _know(self, pids: Iterable[int]) -> None:
        """Open their pidfds: once their parent has ended, nothing shows whose they were."""
        for pid in set(pids) - self.forked.keys() if self.child else ():
            with contextlib.suppress(ProcessLookupError):
                self.forked[pid] = os.pidfd_open(pid)

    def end(self) -> int:
        """End what still runs. Return the exit code: the server's if it ended by itself, else 0."""
        if not self.child:
            return 0
        by_us = self.child.poll() is None
        if by_us:
            self.child.terminate()
            self.child.send_signal(signal.SIGCONT)  # in case it is stopped
            try:
                self.child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self._end_forked()
        code = self.child.returncode
        return 0 if by_us else code if code >= 0 else 128 - code  # as in a shell

    def _end_forked(self) -> None:
        until = time.monotonic() + PATIENCE
        for pidfd in self.forked.values():
            _send(pidfd, signal.SIGTERM)
        for pidfd in self.forked.values():  # readable once the process has ended
            if not select.select([pidfd], [], [], max(until - time.monotonic(), 0))[0]:
                _send(pidfd, signal.SIGKILL)
            os.close(pidfd)


def _send(pidfd: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended, or is not ours
        signal.pidfd_send_signal(pidfd, number)
