"""Dumps a Python process's threads by py-spy, which does not stop the process.

It needs the same rights as `/proc/PID/mem`. A dump costs 14 to 21 milliseconds of a core for 5
threads, 30 to 45 for 100 and 230 to 265 for 1,000 (py-spy 0.4.3; CPython 3.11, 3.12 and 3.13).
"""

import contextlib
import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from lanes.watch import proc
from lanes.watch.printable import printable

SECONDS = 5.0  # for a dump; one of 1,000 threads took 0.8 on a busy machine
MAPPED = 10.0  # seconds after its start, when a program has mapped its libpython
PROGRAMS = 1 << 10  # size of the cache
LARGEST = 1 << 20  # bytes that are read of a source file, at most

# Since CPython 3.11, PyThreadState holds the system's id of the thread.
PYTHON = re.compile(
    rb"/(lib)?python3\.(1[1-9]|[2-9]\d)[a-z]*(\.so|/lib-dynload/| \(deleted\)|$)", re.MULTILINE
)
LIBRARY = re.compile(r"^<|/lib(64)?/python3[.\d]*t?/|/(site|dist)-packages/|/python3\d+\.zip/")
REFUSED = re.compile(rb"permission denied|os error 1\b", re.IGNORECASE)  # EACCES, EPERM
SAME = re.compile(r"^NSpid:\t\d+$", re.MULTILINE)  # one number: its pid namespace is ours
INNERMOST = re.compile(r"^NSpid:.*\t(\d+)$", re.MULTILINE)


class Standing(NamedTuple):
    """The line that a Python thread is at. All but the path is safe to print."""

    thread: str  # its Python name; empty if it has none
    file: str  # of the innermost frame that is the program's own: "server.py"
    path: str  # in the target, unescaped
    line: int
    source: str  # as in the file now, stripped; empty if it cannot be read
    function: str

    @property
    def text(self) -> str:
        """The line for people, such as `server.py:14: with print_lock:`."""
        return f"{self.file}:{self.line}" + (f": {self.source}" if self.source else "")


Standings = Mapping[tuple[int, int], Standing]  # by (pid, tid) in the watcher's pid namespace


def is_python(pid: int) -> bool:
    """Whether a process runs CPython 3.11 or later, by file names; False if unreadable.

    A process that has just started may not have mapped its libpython yet.
    """
    try:
        program, started = Path(f"/proc/{pid}/exe").readlink(), proc.stat(pid).started
        if PYTHON.search(bytes(program)):
            return True
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")
        has_mapped = _has_mapped_python if age > MAPPED else _has_mapped_python.__wrapped__
        return has_mapped(pid, started, program)
    except OSError:
        return False


@lru_cache(PROGRAMS)
def _has_mapped_python(pid: int, _started: int, _program: Path) -> bool:
    """Search its memory map; only once, because reading it blocks the process's own mmap calls."""
    return bool(PYTHON.search(Path(f"/proc/{pid}/maps").read_bytes()))


def dump(program: str, pid: int) -> Standings:
    """Return py-spy's dump, without source; empty if the process has ended or is not Python.

    Raises PermissionError if py-spy may not read the process.
    """
    words = [program, "dump", "--nonblocking", "--json", "--pid", str(pid)]
    try:
        said = subprocess.run(  # noqa: S603 - the only word from outside is a number
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
        if said.returncode == 0:
            return dict(_standings(pid, json.loads(said.stdout)))
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
        return {}
    if REFUSED.search(said.stderr):
        raise PermissionError
    return {}


def with_source(pid: int, standings: Standings) -> Standings:
    """Return these with the source of each line."""
    lines = {path: _lines(pid, path) for path in {one.path for one in standings.values()}}
    found = {}
    for thread, one in standings.items():
        source = b"".join(lines[one.path][one.line - 1 : one.line]).strip()
        found[thread] = one._replace(source=printable(source.decode(errors="replace")))
    return found


def _standings(pid: int, threads: list[Any]) -> Iterator[tuple[tuple[int, int], Standing]]:
    tids = _tids(pid)
    for thread in threads:
        tid, frames = tids.get(thread["os_thread_id"]), thread["frames"]
        if tid and frames:
            own = (frame for frame in frames if not LIBRARY.search(frame["filename"]))
            frame = next(own, frames[0])
            path, line = frame["filename"], frame["line"]
            names = thread["thread_name"] or "", path.rpartition("/")[2], frame["name"]
            name, file, function = map(printable, names)
            yield (pid, tid), Standing(name, file, path, line, "", function)


def _tids(pid: int) -> dict[int, int]:
    """Map its threads' ids in its own pid namespace to the watcher's (NSpid, proc(5)).

    Raises OSError if the process has ended.
    """
    process = Path(f"/proc/{pid}")
    tids = [int(task.name) for task in (process / "task").iterdir()]
    if SAME.search((process / "status").read_text(errors="replace")):
        return {tid: tid for tid in tids}
    own = {}
    for tid in tids:
        with contextlib.suppress(OSError):  # the thread has ended
            status = (process / f"task/{tid}/status").read_text(errors="replace")
            own[int(INNERMOST.findall(status)[0])] = tid
    return own


def _lines(pid: int, path: str) -> list[bytes]:
    """Return the lines of a file in the target; none if the target's user cannot read it.

    A process can name any file, and the watcher may be root.
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
