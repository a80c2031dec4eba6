"""What `lanes watch` costs: processor time for its looks, and what the watched server loses.

Both cores are taken, one by the server and one by the load. A watcher takes time from the load, and
a server that is asked less often spends more on each message. To tell the two apart, the server is
also measured next to a program that computes for as long as a watcher may, and watches nothing.
"""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import click

from bench.contenders import C_THREADS, MESSAGE, THREAD, pinned, running
from bench.load import load
from bench.machine import describe, two_cores
from bench.rounds import in_turn
from lanes.watch.watcher import RATE, SHARE, Watcher

CROWDS = (10, 100, 1000)  # threads, each with an idle client
CLIENTS = ("--clients", "50")  # of the server that is loaded
SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
COMPUTES = f"""
import time
print("up", flush=True)
while True:
    began = time.thread_time()
    while time.thread_time() - began < {SHARE / RATE}:
        pass
    time.sleep({(1 - SHARE) / RATE})
"""
WATCHES = ("-m", "lanes", "watch", "--pid", "{pid}", "--port", "{port}")
BESIDE: dict[str, tuple[str, ...]] = {
    "nothing": ("-c", SLEEPS),
    "a program that computes": ("-c", COMPUTES),
    "a watcher": (*WATCHES, "--json", "-", "--every", "600"),
}
SETTLED = 2.0  # seconds after which the rate of the looks has settled


@dataclass(frozen=True, slots=True)
class Looks:
    """Means over some seconds."""

    milliseconds: float  # of processor time, for a look
    rate: float  # looks a second


class _Counting(Watcher):
    """A watcher that counts its looks."""

    looks = 0

    def look(self) -> None:
        super().look()
        self.looks += 1


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Both, and the machine: this chapter is compared with no other."""
    return {
        "machine": describe(),
        "looks": {
            str(threads): [asdict(_looks(threads, seconds)) for _ in range(rounds)]
            for threads in CROWDS
        },
        "microseconds": _message_times(rounds, seconds),
    }


def _looks(threads: int, seconds: float) -> Looks:
    """At a server in C with N threads, each waiting for its client."""
    with running(C_THREADS, core=None) as server, contextlib.ExitStack() as clients:
        for _ in range(threads):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(MESSAGE)
            client.recv(8192)
        watcher, over = _Counting([server.pid], [server.port]), threading.Event()
        looking = threading.Thread(target=watcher.run, args=(over,))
        looking.start()
        clock = time.pthread_getcpuclockid(looking.ident or 0)
        time.sleep(SETTLED)
        looks, cost, began = watcher.looks, time.clock_gettime(clock), time.monotonic()
        time.sleep(seconds)
        looks, cost = watcher.looks - looks, time.clock_gettime(clock) - cost
        took = time.monotonic() - began
        over.set()
        looking.join()
        watcher.close()
    return Looks(1000 * cost / looks, looks / took)


def _message_times(rounds: int, seconds: float) -> dict[str, list[float]]:
    """Microseconds of one server's processor time; all but one of the programs are stopped."""
    core, other = two_cores()
    with running(THREAD, core) as server, contextlib.ExitStack() as started:
        programs = {}
        for name, words in BESIDE.items():
            told = [word.format(pid=server.pid, port=server.port) for word in words]
            programs[name] = started.enter_context(_stopped(pinned([sys.executable, *told], other)))

        def measure(name: str) -> float:
            programs[name].send_signal(signal.SIGCONT)
            try:
                return load(server, (*CLIENTS, "--seconds", str(seconds)), other).message_time
            finally:
                programs[name].send_signal(signal.SIGSTOP)

        return in_turn("watched", {name: partial(measure, name) for name in BESIDE}, rounds)


@contextlib.contextmanager
def _stopped(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is stopped after its first line."""
    with subprocess.Popen(words, stdout=subprocess.PIPE) as program:  # noqa: S603 - our own words
        if program.stdout and not program.stdout.readline():
            raise click.ClickException("the program beside the load did not come up.")
        program.send_signal(signal.SIGSTOP)
        yield program
        program.terminate()
        program.send_signal(signal.SIGCONT)
