"""What a thread waits in, from its line in /proc/PID/task/TID/syscall (proc(5)).

The line is `running`, or the call's number, its six arguments, the stack pointer and the program
counter, all but the first in hexadecimal. A thread that is blocked outside any call has `-1` and
the last two. Reading it does not stop the thread.
"""

import struct
from collections.abc import Callable, Sequence
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
SLEEPS = ("nanosleep", "clock_nanosleep")
ON_NONE: dict[str, Kind] = {
    **dict.fromkeys(("futex", "futex_wait", "futex_waitv"), "locks"),
    **dict.fromkeys(SLEEPS, "sleeps"),
    **dict.fromkeys(("poll", "ppoll", "select", "pselect6"), "sleeps"),  # Perl's sleep
    "io_uring_enter": "ring",
}
# Which argument is the time-out: in milliseconds, or as a pointer to it.
MILLISECONDS = {"poll": 3, "epoll_wait": 4, "epoll_pwait": 4}
POINTERS = {"futex": 4, "futex_waitv": 4, "futex_wait": 5, "ppoll": 3, "epoll_pwait2": 4}
POINTERS |= {"select": 5, "pselect6": 5}
FOREVER = 0xFFFFFFFF  # -1 in 32 bits
POLLED = struct.Struct("=ihh")  # struct pollfd
MOST = 4096  # descriptors that are read of one poll, at most


class Wait(NamedTuple):
    """What a thread is doing, and on which descriptors of its process."""

    kind: Kind
    descriptors: tuple[int, ...] = ()
    address: int = 0  # of the futex
    call: str = ""
    timed: bool = False  # whether it ends by itself after some time


RUNNING = Wait("running")
HIDDEN = Wait("hidden")  # the line may not be read
Memory = Callable[[int, int], bytes]  # address, size -> bytes; raises OSError
NAMES = names()


def parse(line: bytes, memory: Memory) -> Wait:
    """Parse a line; the arrays of poll and select are read from the thread's memory."""
    words = line.split()
    if len(words) < 8:  # noqa: PLR2004 - the number, six arguments and more
        return RUNNING if words[:1] == [b"running"] else Wait("other")
    call = NAMES.get(int(words[0]), "")
    first, second, *_ = (int(word, 16) for word in words[1:7])
    timed = _is_timed(call, words)
    if kind := ON_ONE.get(call):
        return Wait(kind, (first,), call=call, timed=timed)
    if call in {"poll", "ppoll"} and second:
        polled = _polled(memory(first, min(second, MOST) * POLLED.size))
        return Wait("polls", polled, call=call, timed=timed)
    if call in {"select", "pselect6"} and any(sets := [int(word, 16) for word in words[2:5]]):
        selected = _selected(min(first, MOST), sets, memory)
        return Wait("polls", selected, call=call, timed=timed)
    kind = ON_NONE.get(call, "other")
    return Wait(kind, address=first, call=call, timed=timed)


def _is_timed(call: str, words: Sequence[bytes]) -> bool:
    if call in SLEEPS:
        return True
    if at := MILLISECONDS.get(call):
        return int(words[at], 16) & FOREVER != FOREVER
    return bool((at := POINTERS.get(call)) and int(words[at], 16))


def _polled(array: bytes) -> tuple[int, ...]:
    # poll(2) ignores negative descriptors.
    return tuple(fd for fd, *_ in POLLED.iter_unpack(array) if fd >= 0)


def _selected(count: int, sets: list[int], memory: Memory) -> tuple[int, ...]:
    """Return those in any of the three sets, which change only when the call returns."""
    size = -(-count // 64) * 8
    chosen = 0
    for address in filter(None, sets):
        chosen |= int.from_bytes(memory(address, size), "little")
    return tuple(fd for fd in range(count) if chosen >> fd & 1)
