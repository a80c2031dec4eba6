"""A server that is being watched, with the interface of one that reports about itself."""

import threading
from collections.abc import Callable
from typing import Self

from lanes.replicas import Answer
from lanes.snapshot import Snapshot
from lanes.watch import rights
from lanes.watch.describing import describe
from lanes.watch.pyspy import is_python
from lanes.watch.python_lines import PythonLines
from lanes.watch.target import NotFound, Target
from lanes.watch.threads import Threads
from lanes.watch.watcher import Watcher

PAUSE = 0.2  # seconds between searches for a successor


class Watched:
    """Watches a target in a separate thread, until closed or until the target has ended."""

    pause = 0.0  # asking costs the server nothing

    def __init__(self, target: Target, again: Callable[[], Target] | None = None) -> None:
        """`again` finds a successor once the target has ended, or raises NotFound if there is none.

        Raises NotFound if the target has already ended.
        """
        self._again = again
        pid = target.pids[0]
        self._name = target.name
        self.missing = rights.missing(pid)  # what we may not see, in one line
        try:
            self._watcher = Watcher(target.pids, target.ports)
        except OSError as error:
            raise NotFound(f"{target.name} cannot be watched: {error.strerror}") from None
        self._threads = Threads(self._watcher.processes)
        self._lines = PythonLines()
        self._describing = threading.Lock()
        self._kinds = list[str]()  # what the threads were doing at the last snapshot
        self._over = threading.Event()
        self._broken: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._lines.close()
        self._watcher.close()

    def _run(self) -> None:
        try:
            self._watcher.run(self._over)
            while self._again and not self._over.wait(PAUSE):
                try:
                    self._watcher.go_on_with(self._again().pids)
                except (NotFound, OSError):  # there is none yet, or it has already ended
                    continue
                self._watcher.run(self._over)
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread that asks
            self._broken = error

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the server has ended, or for `seconds`; return whether it has."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def unheard(self) -> str:
        """Return one line on why no listening socket was found; empty if one was."""
        return self._watcher.moment.unheard

    def forked(self) -> list[int]:
        """Return the processes that the server has forked and that still run."""
        return [one.pid for one in list(self._watcher.processes) if one.pid != self._watcher.pid]

    def snapshot(self) -> Snapshot:
        """Return what has been seen. Re-raises the error that stopped the watcher, if any."""
        if self._broken:
            raise self._broken
        with self._describing:  # the page asks from its own threads
            return self._describe()

    def _describe(self) -> Snapshot:
        pids = [process.pid for process in list(self._watcher.processes)]
        pythons = [pid for pid in pids if is_python(pid)]
        look = self._watcher.moment.look
        kinds = [str(doing.kind) for doing in look.values()]
        self._lines.ask(pythons, urgent=kinds != self._kinds)
        self._kinds = kinds
        self._threads.tell(self._lines.known(), look)
        gone = (
            "" if pids else "The server has ended." + " Waiting for the next." * bool(self._again)
        )
        notes = [gone, self.missing, self._lines.why_not() if pythons and not self.missing else ""]
        return describe(self._watcher, self._threads, self._name, tuple(filter(None, notes)))

    def ask(self) -> tuple[list[Answer], list[str]]:
        """Return the snapshot, as the one answer of a single server."""
        return [Answer("", self.snapshot(), ahead=0.0, within=0.0)], []
