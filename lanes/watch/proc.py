"""What /proc says about any process (proc(5)). Every function raises OSError if it has ended."""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

SOCKET = "socket:["  # then its inode, and "]"


class Stat(NamedTuple):
    """Of /proc/PID/stat."""

    is_zombie: bool
    parent: int
    threads: int
    started: int  # clock ticks after boot: no other process had this pid and started then


def pids() -> list[int]:
    """All processes that can be seen."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def stat(pid: int) -> Stat:
    """Its parent, and more."""
    # The name in parentheses may hold anything. After it comes the third field.
    fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    return Stat(fields[0] == b"Z", int(fields[1]), int(fields[17]), int(fields[19]))


def socket_at(name: str, descriptors: int) -> int:
    """The inode of a descriptor's socket, in an opened /proc/PID/fd; 0 if it is no socket."""
    link = os.readlink(name, dir_fd=descriptors)
    return int(link[len(SOCKET) : -1]) if link.startswith(SOCKET) else 0


def sockets(descriptors: int) -> dict[int, int]:
    """The lowest descriptor of each socket in an opened /proc/PID/fd, by inode."""
    found: dict[int, int] = {}
    for name in sorted(os.listdir(descriptors), key=int):
        with contextlib.suppress(OSError):  # it is closed by now
            found.setdefault(socket_at(name, descriptors), int(name))
    found.pop(0, None)
    return found
