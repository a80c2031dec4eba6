"""What a thread waits in, from its line in /proc/PID/task/TID/syscall (proc(5)).

The line is `running`, or the call's number, its six arguments, the stack pointer and the program
counter, all but the first in hexadecimal. A thread that is blocked, though in no call, has `-1` and
the last two. Reading it does not stop the thread.
"""

import struct
from collections.abc import Callable
from typing import Literal, NamedTuple

from lanes.watch.syscalls import names

Kind = Literal[
    "running",
    "reads",
    "writes",
    "polls",
    "epolls",
    "accepts",
    "locks",
    "sleeps",
    "ring",
    "other",
    "hidden",
]

ON_ONE: dict[str, Kind] = {
    **dict.fromkeys(("read", "readv", "recvfrom", "recvmsg", "recvmmsg"), "reads"),
    **dict.fromkeys(("write", "writev", "sendto", "sendmsg", "sendmmsg", "sendfile"), "writes"),
    **dict.fromkeys(("accept", "accept4"), "accepts"),
    **dict.fromkeys(("epoll_wait", "epoll_pwait", "epoll_pwait2"), "epolls"),
}
ON_NONE: dict[str, Kind] = {
    **dict.fromkeys(("futex", "futex_wait", "futex_waitv"), "locks"),
    **dict.fromkeys(("nanosleep", "clock_nanosleep"), "sleeps"),
    **dict.fromkeys(("poll", "ppoll", "select", "pselect6"), "sleeps"),  # Perl's way
    "io_uring_enter": "ring",
}
POLLED = struct.Struct("=ihh")  # struct pollfd
MOST = 4096  # descriptors of one poll that are read


class Wait(NamedTuple):
    """What a thread does, and on which of its process's descriptors."""

    kind: Kind
    descriptors: tuple[int, ...] = ()
    address: int = 0  # of the futex
    call: str = ""


RUNNING = Wait("running")
HIDDEN = Wait("hidden")  # it may not be looked at
Memory = Callable[[int, int], bytes]  # address, size -> its bytes; OSError if they cannot be read
NAMES = names()


def parse(line: bytes, memory: Memory) -> Wait:
    """What the line says; arrays of poll and select are read from the thread's memory."""
    words = line.split()
    if len(words) < 8:  # noqa: PLR2004 - the number, six arguments and more
        return RUNNING if words[:1] == [b"running"] else Wait("other")
    call = NAMES.get(int(words[0]), "")
    first, second, *_ = (int(word, 16) for word in words[1:7])
    if kind := ON_ONE.get(call):
        return Wait(kind, (first,), call=call)
    if call in {"poll", "ppoll"} and second:
        return Wait("polls", _polled(memory(first, min(second, MOST) * POLLED.size)), call=call)
    if call in {"select", "pselect6"} and any(sets := [int(word, 16) for word in words[2:5]]):
        return Wait("polls", _selected(min(first, MOST), sets, memory), call=call)
    return Wait(ON_NONE.get(call, "other"), address=first, call=call)


def _polled(array: bytes) -> tuple[int, ...]:
    # A negative descriptor is one that poll(2) passes over.
    return tuple(fd for fd, *_ in POLLED.iter_unpack(array) if fd >= 0)


def _selected(count: int, sets: list[int], memory: Memory) -> tuple[int, ...]:
    """Those in any of the three sets; the kernel changes these only when the call returns."""
    size = -(-count // 64) * 8
    chosen = 0
    for address in filter(None, sets):
        chosen |= int.from_bytes(memory(address, size), "little")
    return tuple(fd for fd in range(count) if chosen >> fd & 1)
