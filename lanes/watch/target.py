"""What is watched: a command that is started, a process, whoever listens on a port, a container."""

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lanes.watch.printable import printable
from lanes.watch.rights import sidecar

IMAGE = "thread-lanes"
LISTENS = "0A"  # in /proc/net/tcp, proc(5)
SECONDS = 10  # for the engine to answer
INSPECTED = "[{{json .State.Pid}},{{json .Config.User}}]"


class NotFound(Exception):
    """There is nothing to watch; the text says why, in a line or two."""


class Target(NamedTuple):
    """A server's processes."""

    pids: tuple[int, ...]
    name: str  # what was asked for, in words
    ports: tuple[int, ...] = ()  # empty: all that it listens on
    child: subprocess.Popen[bytes] | None = None


def of_command(words: Sequence[str]) -> Target:
    """Start it; its input, output and errors are ours."""
    try:
        child = subprocess.Popen(words)  # noqa: S603 - it is what the user asks for
    except OSError as error:
        raise NotFound(f"cannot start {words[0]}: {error.strerror}") from None
    return Target((child.pid,), " ".join(words), child=child)


def of_pid(pid: int, port: int | None = None) -> Target:
    """A process that runs, and perhaps one of the ports that it listens on."""
    if not Path(f"/proc/{pid}").exists():
        raise NotFound(f"there is no process {pid} here")
    return Target((pid,), f"process {pid}", (port,) if port else ())


def of_port(port: int) -> Target:
    """Whoever listens on a TCP port, as far as that can be seen."""
    inodes = set(_listening(port))
    if not inodes:
        raise NotFound(f"nobody listens on port {port} here")
    owners = [pid for pid in _processes() if inodes & _sockets(pid)]
    if not owners:
        raise NotFound(
            f"somebody listens on port {port}, but whose process that is cannot be seen: watch as "
            "that user or as root, or name the process too (--pid)"
        )
    # Of a server and what it has forked, those whose parent is not among them.
    roots = [pid for pid in owners if _parent(pid) not in owners]
    return Target(tuple(roots), f"port {port}", (port,))


def of_container(name: str, port: int | None) -> Target:
    """A container's first process, which the engine names; for root on the engine's own host."""
    pid, user = _inspected(name, port)
    if not pid:
        raise NotFound(f"the container {name!r} does not run")
    try:
        Path(f"/proc/{pid}/exe").readlink()
    except OSError:
        what = f"the container's process {pid} cannot be seen from here"
        raise NotFound(f"{what}. {_beside(name, port, user)}") from None
    return Target((pid,), f"container {name}", (port,) if port else ())


def _inspected(name: str, port: int | None) -> tuple[int, str]:
    """A container's process on the engine's host, 0 if there is none, and its user."""
    docker = shutil.which("docker")
    if not docker:
        raise NotFound(f"no docker command here to ask for {name!r}. {_beside(name, port)}")
    words = [docker, "inspect", "--type", "container", "--format", INSPECTED, name]
    try:
        asked = subprocess.run(words, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise NotFound(f"the engine has not answered within {SECONDS} s") from None
    if asked.returncode:
        told = printable(asked.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        if "no such" in told.lower():
            raise NotFound(f"the engine knows no container {name!r}")
        raise NotFound(f"the engine does not answer: {told}. {_beside(name, port)}")
    pid, user = json.loads(asked.stdout)
    return pid, user or "0:0"


def _beside(name: str, port: int | None, user: str = "UID:GID") -> str:
    return f"Watch it from beside it:\n  {sidecar(name, IMAGE, port, user)}"


def _listening(port: int) -> list[int]:
    """The inodes of the sockets that listen on it, of either family."""
    found = []
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/self/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                    found.append(int(fields[9]))
    return found


def _processes() -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit()]


def _sockets(pid: int) -> set[int]:
    with contextlib.suppress(OSError):
        links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
        found = [re.fullmatch(r"socket:\[(\d+)\]", link) for link in links]
        return {int(one[1]) for one in found if one}
    return set()


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    return 0
