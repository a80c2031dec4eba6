"""Names threads, and describes in words where they are."""

import contextlib
from pathlib import Path
from time import monotonic

from lanes.watch.evidence import Doing, Look
from lanes.watch.printable import printable
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.pyspy import Standing, Standings

KEPT = 1.0  # seconds for which a name is cached: a thread may rename itself
OWNER = 8  # bytes from the futex of a glibc mutex to the thread id of its holder


class Threads:
    """The names and ids of threads, looked up on demand."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._names: dict[ThreadId, tuple[float, str, int]] = {}
        self._stood: dict[tuple[int, int], tuple[Standing | None, str]] = {}  # and what it did
        self._called: dict[tuple[int, int], str] = {}  # Python names, also of ended threads

    def tell(self, standing: Standings, look: Look) -> None:
        """Note where Python's threads are, and what they do there: a line soon goes out of date."""
        stood, self._stood = self._stood, {}
        for thread, one in standing.items():
            doing = look.get(ThreadId(*thread))
            before = stood.get(thread, (None, ""))
            self._stood[thread] = before if one == before[0] else (one, doing.kind if doing else "")
        self._called |= {thread: one.thread for thread, one in standing.items() if one.thread}

    def name(self, thread: ThreadId) -> str:
        """Return its Python name if known, else the kernel's name, which may be the program's."""
        return self._called.get(thread) or self._known(thread)[0]

    def native_id(self, thread: ThreadId) -> int:
        """Return its id in its own pid namespace, which the server itself uses."""
        return self._known(thread)[1]

    def where(self, thread: ThreadId, look: Look) -> str:
        """Return what it waits for, with its line of source or the lock's holder if known."""
        doing = look.get(thread)
        if doing is None:
            return ""
        standing, then = self._stood.get(thread, (None, ""))
        at = f" at {standing.text}" if standing and then == doing.kind else ""
        if doing.kind == "locks":
            return f"waits for a lock{at or self._held(thread, doing)}"
        return f"{WORDS[doing.kind]}{at}"

    def _held(self, thread: ThreadId, doing: Doing) -> str:
        holder = self.holder(thread, doing)
        return f" that {self.name(holder)} ({self.native_id(holder)}) holds" if holder else ""

    def holder(self, thread: ThreadId, doing: Doing) -> ThreadId | None:
        """Return the thread that holds the lock that this one waits for; None if not known.

        Only glibc's mutexes name their holder, so the word must be the id of another thread.
        """
        with contextlib.suppress(OSError, KeyError):
            owner = self._processes[thread.pid].word(doing.address + OWNER)
            for other in list(self._processes[thread.pid].files):  # a copy: it may change
                if other != thread and self.native_id(other) == owner:
                    return other
        return None

    def _known(self, thread: ThreadId) -> tuple[str, int]:
        stale_at, name, native_id = self._names.get(thread, (0.0, "", thread.tid))
        if monotonic() >= stale_at:
            task = Path(f"/proc/{thread.pid}/task/{thread.tid}")
            with contextlib.suppress(OSError):  # it has ended: keep what was known
                name = printable((task / "comm").read_text(errors="replace").rstrip("\n"))
                native_id = _own_id((task / "status").read_text(errors="replace"), thread.tid)
            self._names[thread] = monotonic() + KEPT, name, native_id
        return name, native_id

    def forget(self, others_than: set[ThreadId]) -> None:
        """Forget the names of all threads but these."""
        self._names = {one: known for one, known in self._names.items() if one in others_than}
        self._called = {one: name for one, name in self._called.items() if one in others_than}


WORDS = {
    "running": "runs",
    "reads": "waits for its client",
    "writes": "sends",
    "polls": "polls",
    "epolls": "polls",
    "accepts": "waits for a new client",
    "sleeps": "sleeps",
    "ring": "waits for its io_uring",
    "other": "works",
    "hidden": "cannot be inspected",
}


def _own_id(status: str, tid: int) -> int:
    """Return the last number of NSpid (proc(5)), which is the innermost namespace's; else `tid`."""
    line = next((line for line in status.splitlines() if line.startswith("NSpid:")), "")
    return int(line.split()[-1]) if line else tid
