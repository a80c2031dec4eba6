"""Keeps the serving threads on one CPU, if the interpreter has a GIL.

With a GIL, one thread runs at a time, on any number of CPUs. On several, most turns begin by waking
a thread on another CPU, which takes longer than the turn; on one CPU, they begin with a switch.
"""

import os
from pathlib import Path

from server.chat import gil


def share_one_cpu() -> int | None:
    """Pin the calling thread, and the threads it starts from now on, to its current CPU.

    Returns the CPU's number; None if nothing changes, because there is no GIL, only one CPU, or no
    sched_setaffinity(2) (macOS).
    """
    if not gil.is_on() or not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) == 1:
        return None
    stat = Path("/proc/thread-self/stat").read_text(encoding="utf-8")
    cpu = int(stat.rpartition(")")[2].split()[36])  # the 39th field of proc_pid_stat(5)
    os.sched_setaffinity(0, {cpu})
    return cpu
