"""The system calls that a thread may block in, by number, for x86-64 and aarch64.

A test compares the numbers with the machine's headers (asm/unistd_64.h, asm-generic/unistd.h).
"""

import platform

# Names as in the headers. The second number is for aarch64, which lacks the older calls.
NUMBERS: dict[str, tuple[int, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "recvmmsg": (299, 243),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "sendfile": (40, 71),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "epoll_pwait2": (441, 441),
    "accept": (43, 202),
    "accept4": (288, 242),
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "futex_wait": (455, 455),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "io_uring_enter": (426, 426),
    "wait4": (61, 260),
    "waitid": (247, 95),
    "fcntl": (72, 25),
    "flock": (73, 32),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133),
    "restart_syscall": (219, 128),
}
MACHINES = ("x86_64", "aarch64")


def names(machine: str = "") -> dict[int, str]:
    """Return the calls' names by number on this machine; empty if it is not in MACHINES."""
    if (machine := machine or platform.machine()) not in MACHINES:
        return {}
    numbered = ((numbers[MACHINES.index(machine)], name) for name, numbers in NUMBERS.items())
    return {number: name for number, name in numbered if number is not None}
