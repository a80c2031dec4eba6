"""What a process costs over a thread: each kind is measured three times, and the lowest counts."""

import json
import subprocess
import sys

COUNTS = {"thread": 100, "fork": 100, "spawn": 10}  # how many at a time


def measure(kind: str) -> dict[str, float]:
    """Milliseconds to `start` one and KiB of `memory` for it, as bench/starting.py finds them."""
    program = [sys.executable, "-m", "bench.starting", kind, str(COUNTS[kind])]
    figures: dict[str, float] = json.loads(subprocess.check_output(program))  # noqa: S603
    return figures


print("         to start        x a thread      memory        x a thread")
thread: dict[str, float] = {}
for kind in COUNTS:
    several = [measure(kind) for _ in range(3)]
    least = {what: min(one[what] for one in several) for what in several[0]}
    thread = thread or least
    print(
        f"{kind:6} {least['start']:7.2f} ms {least['start'] / thread['start']:17.1f}"
        f" {least['memory']:7,.0f} KiB {least['memory'] / thread['memory']:17.1f}"
    )
