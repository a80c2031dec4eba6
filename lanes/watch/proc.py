"""Facts about any process, from /proc (proc(5)). Functions raise OSError once it has ended."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

SOCKET = "socket:["  # followed by its inode and "]"


class Stat(NamedTuple):
    """Fields of /proc/PID/stat."""

    is_zombie: bool
    parent: int
    threads: int
    ticks: int  # of processor time, in the kernel too
    started: int  # clock ticks since boot; identifies the process together with its pid


def pids() -> list[int]:
    """Return the pids of all processes that we can see."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def stat(pid: int) -> Stat:
    """Read the process's /proc/PID/stat."""
    # The name, in parentheses, may contain anything. The third field follows it.
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Stat(fields[0] == b"Z", int(fields[1]), int(fields[17]), ticks, int(fields[19]))


def socket_at(name: str, descriptors: int) -> int:
    """Return a descriptor's socket inode, or 0; `descriptors` is an open /proc/PID/fd."""
    link = os.readlink(name, dir_fd=descriptors)
    return int(link[len(SOCKET) : -1]) if link.startswith(SOCKET) else 0


def sockets(descriptors: int) -> dict[int, int]:
    """Map each socket's inode to its lowest descriptor; `descriptors` is an open /proc/PID/fd."""
    found: dict[int, int] = {}
    for name in sorted(os.listdir(descriptors), key=int):
        with contextlib.suppress(OSError):  # it has just been closed
            found.setdefault(socket_at(name, descriptors), int(name))
    found.pop(0, None)
    return found
