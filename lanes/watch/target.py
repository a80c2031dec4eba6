"""What to watch: a command to start, a process, whatever listens on a port, or a container."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lanes.watch import proc
from lanes.watch.netlink import LISTENING
from lanes.watch.printable import printable
from lanes.watch.rights import sidecar
from lanes.watch.tables import Tables

IMAGE = "thread-lanes"
SECONDS = 10  # for the container engine to answer
INSPECTED = "[{{json .State.Pid}},{{json .Config.User}}]"


class NotFound(Exception):
    """There is nothing to watch; the text says why, in a line or two."""


class Target(NamedTuple):
    """A server to watch."""

    pids: tuple[int, ...]
    name: str  # what the user asked for, in words
    ports: tuple[int, ...] = ()  # empty: all that it listens on
    child: subprocess.Popen[bytes] | None = None


def of_command(words: Sequence[str]) -> Target:
    """Start a command, which shares our input, output and errors."""
    try:
        child = subprocess.Popen(words)  # noqa: S603 - it is what the user asks for
    except OSError as error:
        raise NotFound(f"cannot start {words[0]}: {error.strerror}") from None
    return Target((child.pid,), " ".join(words), child=child)


def of_pid(pid: int, port: int | None = None) -> Target:
    """Return a running process, and perhaps one of the ports that it listens on."""
    if not Path(f"/proc/{pid}").exists():
        raise NotFound(f"there is no process {pid} here")
    return Target((pid,), f"process {pid}", (port,) if port else ())


def of_port(port: int) -> Target:
    """Return the processes that listen on a TCP port, as far as we can see them."""
    inodes = {row[-1] for row, _ in Tables(os.getpid()).tcp(LISTENING, [port])}
    if not inodes:
        raise NotFound(f"nothing is listening on port {port} on this machine")
    owners = [pid for pid in proc.pids() if inodes & _sockets(pid).keys()]
    if not owners:
        raise NotFound(
            f"port {port} is in use, but its process is not visible to you: run this as the user "
            "who owns it, or as root, or add --pid"
        )
    # Leave out those that another one has forked: the watcher finds them.
    roots = [pid for pid in owners if _parent(pid) not in owners]
    return Target(tuple(roots), f"port {port}", (port,))


def of_container(name: str, port: int | None) -> Target:
    """Return a container's first process, as its engine names it. Needs root on that host."""
    pid, user = _inspected(name, port)
    if not pid:
        raise NotFound(f"container {name!r} is not running")
    try:
        Path(f"/proc/{pid}/exe").readlink()
    except OSError:
        what = f"the container's process {pid} cannot be seen from here"
        raise NotFound(f"{what}. {_beside(name, port, user)}") from None
    return Target((pid,), f"container {name}", (port,) if port else ())


def _inspected(name: str, port: int | None) -> tuple[int, str]:
    """Return a container's pid on the engine's host, 0 if there is none, and its user."""
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


def _sockets(pid: int) -> dict[int, int]:
    with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
        descriptors = os.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        closing.callback(os.close, descriptors)
        return proc.sockets(descriptors)
    return {}


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return proc.stat(pid).parent
    return 0
