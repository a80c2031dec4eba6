"""Keeps the threads that serve on one CPU, while the interpreter has a GIL.

With a GIL one thread runs at a time, on however many CPUs. On several, most turns begin with waking
a thread on another CPU, which takes longer than the turn; on one, they begin with a switch.
"""

import os
import sys
from pathlib import Path


def share_one_cpu() -> int | None:
    """Have the calling thread, and what it starts from now on, run only where it runs now.

    Returns that CPU's number; None where all stays as it is: without a GIL, with one CPU anyhow, or
    on a system that cannot say (macOS). sched_setaffinity(2), proc_pid_stat(5).
    """
    if not has_gil() or not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) == 1:
        return None
    stat = Path("/proc/thread-self/stat").read_text(encoding="utf-8")
    cpu = int(stat.rpartition(")")[2].split()[36])  # the 39th field; the name may have blanks
    os.sched_setaffinity(0, {cpu})
    return cpu


def has_gil() -> bool:
    """Whether this interpreter runs one thread at a time; CPython 3.13 and later can tell."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
