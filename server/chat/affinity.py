"""Keeps the threads that serve on one CPU, while the interpreter has a GIL.

With a GIL one thread runs at a time, however many CPUs there are. On several, most turns begin by
waking a thread on another CPU, which takes longer than the turn; on one, they begin with a switch.
"""

import os
from pathlib import Path

from server.chat import gil


def share_one_cpu() -> int | None:
    """Pin the calling thread, and those it starts from now on, to the CPU that it runs on.

    Returns that CPU's number; None if all stays as it is: without a GIL, with one CPU anyway, or on
    a system that has no such call (macOS). sched_setaffinity(2).
    """
    if not gil.is_on() or not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) == 1:
        return None
    stat = Path("/proc/thread-self/stat").read_text(encoding="utf-8")
    cpu = int(stat.rpartition(")")[2].split()[36])  # the 39th field of proc_pid_stat(5)
    os.sched_setaffinity(0, {cpu})
    return cpu
