"""Finds the line that each Python thread is at, repeatedly, in a separate thread."""

import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import NamedTuple

from lanes.watch import pyspy
from lanes.watch.pyspy import Standings

PAUSE = 1.0  # seconds from one round to the next, unless it is urgent
SHARE = 0.1  # of the time, for dumps: the longer a round, the longer the pause
LONGEST = 5.0  # seconds of a pause, at most
AT_ONCE = 8  # processes per round
LASTS = 10.0  # seconds after which a process's lines are forgotten unless renewed

MISSING = "The lines of Python threads need py-spy, which is not installed (pip install py-spy)."
NO_RIGHT = "py-spy may not read process {}: run it with the same uid and gid, or as root."


class Seen(NamedTuple):
    """What is known about a process."""

    at: float
    dumped: Standings  # from the last dump
    agreed: Standings  # in the last two dumps


class PythonLines:
    """Runs py-spy in a separate thread, so that no look waits for it.

    py-spy is next to the interpreter or on the PATH. The process keeps running, so a dump may be
    inconsistent: only what two in a row agree on counts. If they differ, the next follows at once.
    """

    def __init__(self) -> None:
        beside = str(Path(sys.executable).parent)
        self._program = shutil.which(
            "py-spy", path=beside + os.pathsep + os.environ.get("PATH", "")
        )
        self.available = self._program is not None
        self._changed = Condition()  # guards the attributes below
        self._asked: list[int] = []  # in the order of their dumps
        self._urgent = self._closed = False
        self._seen: dict[int, Seen] = {}
        self._refused = 0  # the last process that py-spy may not read
        self._thread = Thread(target=self._run, name="python-lines", daemon=True)
        if self.available:
            self._thread.start()

    def ask(self, pids: Collection[int], *, urgent: bool = False) -> None:
        """Ask for dumps of these processes; `urgent` ones come first, and sooner."""
        if not self.available:
            return
        with self._changed:
            both = [*pids, *self._asked] if urgent else [*self._asked, *pids]
            self._asked = list(dict.fromkeys(both))
            self._urgent |= urgent
            self._changed.notify_all()

    def known(self) -> Standings:
        """Return where threads were in the last LASTS seconds."""
        with self._changed:
            fresh = [one.agreed for one in self._seen.values() if one.at > monotonic() - LASTS]
        return {thread: standing for agreed in fresh for thread, standing in agreed.items()}

    def why_not(self) -> str:
        """Return one line on why lines are missing; empty if they are not."""
        if not self.available:
            return MISSING
        refused = self._refused
        return NO_RIGHT.format(refused) if refused and Path(f"/proc/{refused}").exists() else ""

    def close(self) -> None:
        """Stop asking, after the dump under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self.available:
            self._thread.join(pyspy.SECONDS)

    def _run(self) -> None:
        sooner = later = monotonic()
        while pids := self._next(sooner, later):
            began = monotonic()
            for pid in pids:
                if not self._closed:
                    self._look(pid)
            ended = monotonic()
            sooner = ended + min((ended - began) / SHARE, LONGEST)
            later = max(sooner, began + PAUSE)

    def _next(self, sooner: float, later: float) -> list[int]:
        """Wait for the next round and return its processes; none once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._asked or self._closed)
            self._changed.wait_for(lambda: self._closed, sooner - monotonic())
            self._changed.wait_for(lambda: self._urgent or self._closed, later - monotonic())
            self._urgent = False
            pids, self._asked = self._asked[:AT_ONCE], self._asked[AT_ONCE:]
            since = monotonic() - LASTS
            self._seen = {pid: seen for pid, seen in self._seen.items() if seen.at > since}
            return [] if self._closed else pids

    def _look(self, pid: int) -> None:
        before, now = self._seen[pid].dumped if pid in self._seen else {}, self._dump(pid)
        if now and now != before:
            before, now = now, self._dump(pid)
        agreed = pyspy.with_source(pid, dict(before.items() & now.items()))
        with self._changed:
            self._seen[pid] = Seen(monotonic(), now, agreed)

    def _dump(self, pid: int) -> Standings:
        try:
            return pyspy.dump(str(self._program), pid)
        except PermissionError:
            self._refused = pid
            return {}
