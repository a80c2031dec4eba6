"""The line where each Python thread stands, told by py-spy, which does not stop the process.

It needs the rights that `/proc/PID/mem` needs. A dump costs 14 to 21 milliseconds of a core for 5
threads, 30 to 45 for 100 and 230 to 265 for 1,000 (py-spy 0.4.3; CPython 3.11, 3.12 and 3.13).
"""

import contextlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import Any, NamedTuple

PAUSE = 1.0  # seconds from one round to the next, unless it is urgent
SHARE = 0.1  # of the time that dumps may take: the longer a round, the longer the pause
LONGEST = 5.0  # seconds of a pause all the same
AT_ONCE = 8  # processes of a round
SECONDS = 5.0  # for a dump; of 1,000 threads it took 0.8 on a busy machine
LASTS = 10.0  # seconds after which what is known of a process is forgotten, unless renewed
LARGEST = 1 << 20  # bytes of a source file that are read

# CPython 3.11 is the first whose PyThreadState says which of the system's threads it is.
PYTHON = re.compile(
    rb"/(lib)?python3\.(1[1-9]|[2-9]\d)[a-z]*(\.so|/lib-dynload/| \(deleted\)|$)", re.MULTILINE
)
LIBRARY = re.compile(r"^<|/lib(64)?/python3[.\d]*t?/|/(site|dist)-packages/|/python3\d+\.zip/")
REFUSED = re.compile(rb"permission denied|os error 1\b", re.IGNORECASE)  # EACCES, EPERM
SAME = re.compile(r"^NSpid:\t\d+$", re.MULTILINE)  # one number: the pid namespace is ours
INNERMOST = re.compile(r"^NSpid:.*\t(\d+)$", re.MULTILINE)

MISSING = "The lines of Python threads need py-spy, which is not installed (pip install py-spy)."
NO_RIGHT = "py-spy may not read process {}: run it with the same uid and gid, or as root."


class Standing(NamedTuple):
    """Where a Python thread stands."""

    thread: str  # its Python name; empty if it has none
    file: str  # of the innermost frame that is the program's own: "server.py"
    path: str  # in the target
    line: int
    source: str  # as the file has it now, stripped; empty if it cannot be read
    function: str

    @property
    def text(self) -> str:
        """For people: `server.py:14: with print_lock:`."""
        return f"{self.file}:{self.line}" + (f": {self.source}" if self.source else "")


Standings = Mapping[tuple[int, int], Standing]  # by (pid, tid), as the watcher has them


class Seen(NamedTuple):
    """What is known of a process."""

    at: float
    dumped: Standings  # by the last dump
    agreed: Standings  # by the last two


class PythonLines:
    """Asks in a thread of its own, so that no sample waits for it.

    py-spy is next to the interpreter or on the PATH. A dump may be torn, as the process runs on:
    known is what two in a row agree on. If one differs from that before, the next follows at once.
    """

    def __init__(self) -> None:
        beside = str(Path(sys.executable).parent)
        self._program = shutil.which(
            "py-spy", path=beside + os.pathsep + os.environ.get("PATH", "")
        )
        self.available = self._program is not None
        self._changed = Condition()  # guards what follows
        self._asked: list[int] = []  # in the order in which they will be dumped
        self._urgent = self._closed = False
        self._seen: dict[int, Seen] = {}
        self._refused = 0  # the process that refused last
        self._thread = Thread(target=self._run, name="python-lines", daemon=True)
        if self.available:
            self._thread.start()

    def ask(self, pids: Collection[int], *, urgent: bool = False) -> None:
        """Ask about these processes in the next round, `urgent` ones first and sooner."""
        if not self.available:
            return
        with self._changed:
            both = [*pids, *self._asked] if urgent else [*self._asked, *pids]
            self._asked = list(dict.fromkeys(both))
            self._urgent |= urgent
            self._changed.notify_all()

    def known(self) -> Standings:
        """Where threads stood in the last LASTS seconds."""
        with self._changed:
            fresh = [one.agreed for one in self._seen.values() if one.at > monotonic() - LASTS]
        return {thread: standing for agreed in fresh for thread, standing in agreed.items()}

    def why_not(self) -> str:
        """One line for people that says why lines are missing, or nothing."""
        if not self.available:
            return MISSING
        refused = self._refused
        return NO_RIGHT.format(refused) if refused and Path(f"/proc/{refused}").exists() else ""

    def close(self) -> None:
        """Ask no more; a dump that is under way ends first."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self.available:
            self._thread.join(SECONDS)

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
        """The processes of the next round; none once it is closed."""
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
        agreed = dict(before.items() & now.items())
        lines = {path: _lines(pid, path) for path in {one.path for one in agreed.values()}}
        for thread, one in agreed.items():
            source = b"".join(lines[one.path][one.line - 1 : one.line]).strip()
            agreed[thread] = one._replace(source=source.decode(errors="replace"))
        with self._changed:
            self._seen[pid] = Seen(monotonic(), now, agreed)

    def _dump(self, pid: int) -> Standings:
        """What py-spy says; nothing of a process that has ended, is no Python or refuses."""
        words = [str(self._program), "dump", "--nonblocking", "--json", "--pid", str(pid)]
        try:
            said = subprocess.run(  # noqa: S603 - the only word from outside is a number
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
            if said.returncode == 0:
                return dict(_standings(pid, json.loads(said.stdout)))
        except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
            return {}
        if REFUSED.search(said.stderr):
            self._refused = pid
        return {}


def is_python(pid: int) -> bool:
    """Whether a process runs CPython 3.11 or later, by its files' names; False if unreadable.

    One that has just begun may not have mapped its libpython yet.
    """
    try:
        program = bytes(Path(f"/proc/{pid}/exe").readlink())
        return bool(PYTHON.search(program) or PYTHON.search(Path(f"/proc/{pid}/maps").read_bytes()))
    except OSError:
        return False


def _standings(pid: int, threads: list[Any]) -> Iterator[tuple[tuple[int, int], Standing]]:
    tids = _tids(pid)
    for thread in threads:
        tid, frames = tids.get(thread["os_thread_id"]), thread["frames"]
        if tid and frames:
            own = (frame for frame in frames if not LIBRARY.search(frame["filename"]))
            frame = next(own, frames[0])
            name, path, function = thread["thread_name"] or "", frame["filename"], frame["name"]
            file = path.rpartition("/")[2]
            yield (pid, tid), Standing(name, file, path, frame["line"], "", function)


def _tids(pid: int) -> dict[int, int]:
    """The watcher's numbers of its threads, by those in its own pid namespace (NSpid, proc(5)).

    Raises OSError if the process has ended.
    """
    process = Path(f"/proc/{pid}")
    tids = [int(task.name) for task in (process / "task").iterdir()]
    if SAME.search((process / "status").read_text(errors="replace")):
        return {tid: tid for tid in tids}
    own = {}
    for tid in tids:
        with contextlib.suppress(OSError):  # that one has ended
            status = (process / f"task/{tid}/status").read_text(errors="replace")
            own[int(INNERMOST.findall(status)[0])] = tid
    return own


def _lines(pid: int, path: str) -> list[bytes]:
    """Those of a file in the target.

    None if its user cannot read it: a process can name any file, and the watcher may be root.
    """
    process = Path(f"/proc/{pid}")
    file = Path(f"{process}/root{path}") if path.startswith("/") else process / "cwd" / path
    with contextlib.suppress(OSError, ValueError):
        status = file.stat()
        readable = status.st_mode & stat.S_IROTH or status.st_uid == process.stat().st_uid
        if readable and stat.S_ISREG(status.st_mode):
            with file.open("rb") as opened:
                return opened.read(LARGEST).splitlines()
    return []
