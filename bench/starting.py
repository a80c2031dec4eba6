"""What a thread, a forked process or a spawned one for each client costs.

`python -m bench.starting KIND COUNT` starts COUNT of them. Each only waits for a byte on a pipe,
until all may end. The program prints their times and memory as JSON. Each measurement runs in a new
process, so that none inherits another's memory.
"""

import json
import multiprocessing
import multiprocessing.context
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal, cast, get_args

FORK = multiprocessing.get_context("fork")
SPAWN = multiprocessing.get_context("spawn")
Kind = Literal["thread", "fork", "spawn"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Waiting = (
    threading.Thread | multiprocessing.context.ForkProcess | multiprocessing.context.SpawnProcess
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Mean cost of one: milliseconds to start it and to join it, KiB of memory."""

    start: float
    join: float
    memory: float


def measure(kind: str, count: int, python: str) -> Cost:
    """Measure in a new process of the interpreter `python`."""
    words = [python, "-m", "bench.starting", kind, str(count)]
    ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    return Cost(**json.loads(ran.stdout))


def _measure_here(kind: Kind, count: int) -> Cost:
    up, says_up = multiprocessing.Pipe(duplex=False)
    may_go, let_go = multiprocessing.Pipe(duplex=False)
    waiting = _build(kind, count, (says_up, may_go))
    before = _memory(os.getpid())
    began = time.monotonic()
    for one in waiting:
        one.start()
    _read(up, count)
    started = time.monotonic()
    children = [one.pid for one in waiting if not isinstance(one, threading.Thread)]
    memory = _memory(os.getpid()) - before + sum(_memory(pid or 0) for pid in children)
    going = time.monotonic()
    os.write(let_go.fileno(), b"." * count)
    for one in waiting:
        one.join()
    joined = time.monotonic()
    return Cost(1000 * (started - began) / count, 1000 * (joined - going) / count, memory / count)


def _build(kind: Kind, count: int, pipes: tuple[Connection, Connection]) -> Sequence[Waiting]:
    if kind == "thread":
        return [threading.Thread(target=_wait, args=pipes) for _ in range(count)]
    if kind == "fork":
        return [FORK.Process(target=_wait, args=pipes) for _ in range(count)]
    return [SPAWN.Process(target=_wait, args=pipes) for _ in range(count)]


def _wait(says_up: Connection, may_go: Connection) -> None:
    # Single bytes, without Connection's framing: many wait on one pipe, and each takes one byte.
    os.write(says_up.fileno(), b".")
    os.read(may_go.fileno(), 1)


def _read(up: Connection, count: int) -> None:
    while count:
        count -= len(os.read(up.fileno(), count))


def _memory(pid: int) -> float:
    """Return a process's memory in KiB; pages that n processes share count 1/n (Pss of proc(5))."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1])
    raise LookupError(f"process {pid} has no memory to report")


if __name__ == "__main__":
    kind, count = sys.argv[1:]
    json.dump(asdict(_measure_here(cast("Kind", kind), int(count))), sys.stdout)
