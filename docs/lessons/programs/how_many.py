"""Starts N threads that only wait, or as many as it can, and says what they take."""

import re
import sys
import threading
from pathlib import Path


def mebibytes(what: str) -> float:
    """VmSize: the addresses that this process has reserved; VmRSS: the memory behind them."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(rf"{what}:\s+(\d+) kB", status)[0]) / 1024


wanted, *stack = map(int, sys.argv[1:])
if stack:
    threading.stack_size(*stack)
leave = threading.Event()
started = 0
addresses, memory = mebibytes("VmSize"), mebibytes("VmRSS")
try:
    while started < wanted:
        threading.Thread(target=leave.wait).start()
        started += 1
except RuntimeError as error:
    print(error)
addresses, memory = mebibytes("VmSize") - addresses, mebibytes("VmRSS") - memory
print(f"{started} threads: {addresses:,.0f} MiB of addresses, {memory:.1f} MiB of memory")
leave.set()
