"""What `lanes watch` costs: processor time for its looks, and what the watched server loses.

A look is cheapest if none of the server's threads has run, so looks are also measured while one
client talks. The server loses a few percent of the processor time for a message, by the kernel's
clock of a process's nanoseconds. Each turn has the same number of messages, and one server is
watched and not watched in hundreds of short turns, so that other work on the machine cancels out of
the ratio. Both cores are busy, one with the server and one with the load. A watcher takes time from
the load, and a server that is asked less often spends more on each message. So the server is also
measured next to a program that only computes, and uses as much processor time as a watcher may.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import click

from bench.contenders import C_THREADS, MESSAGE, THREAD, pinned, running
from bench.machine import two_cores
from bench.rounds import in_turn, middle
from lanes.watch.pace import RATE, SHARE
from lanes.watch.process import cpu_time
from lanes.watch.watcher import Watcher

CROWDS = (10, 100, 1000)  # threads, each with an idle client
TALKS = 0.004  # seconds between two messages of the client that talks
CLIENTS, MESSAGES = 50, 100  # load on the server; messages of each client in a turn
TURNS = 12  # in each round
SETTLES = 0.1  # seconds for a program to get going again after SIGCONT
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
    """Means over one measurement."""

    milliseconds: float  # of processor time for a look
    rate: float  # looks a second


class _Counting(Watcher):
    """A watcher that counts its looks."""

    looks = 0

    def look(self) -> None:
        super().look()
        self.looks += 1


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Measure the watcher's looks, and the server's processor time for a message."""
    return {
        "looks": {
            f"{threads}{', one of whom talks' if talks else ''}": [
                asdict(_looks(threads, seconds, talks=talks)) for _ in range(rounds)
            ]
            for talks in (False, True)
            for threads in CROWDS
        },
        "microseconds": _message_times(rounds),
    }


def _looks(threads: int, seconds: float, *, talks: bool) -> Looks:
    """Measure looks at a server in C, a thread for each idle client; with `talks` one talks."""
    with running(C_THREADS, core=None) as server, contextlib.ExitStack() as clients:
        for _ in range(threads):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(MESSAGE)
            client.recv(8192)
        watcher, over = _Counting([server.pid], [server.port]), threading.Event()
        looking = threading.Thread(target=watcher.run, args=(over,))
        looking.start()
        talking = threading.Thread(target=_talk, args=(client, over))
        if talks:
            talking.start()
        clock = time.pthread_getcpuclockid(looking.ident or 0)
        time.sleep(SETTLED)
        looks, cost, began = watcher.looks, time.clock_gettime(clock), time.monotonic()
        time.sleep(seconds)
        looks, cost = watcher.looks - looks, time.clock_gettime(clock) - cost
        took = time.monotonic() - began
        over.set()
        looking.join()
        if talks:
            talking.join()
        watcher.close()
    return Looks(1000 * cost / looks, looks / took)


def _talk(client: socket.socket, over: threading.Event) -> None:
    while not over.wait(TALKS):
        client.sendall(MESSAGE)
        client.recv(8192)


def _message_times(rounds: int) -> dict[str, list[float]]:
    """Return the server's microseconds for a message, next to each program of BESIDE in turn."""
    core, other = two_cores()
    with running(THREAD, core) as server, contextlib.ExitStack() as started:
        programs = {}
        for name, words in BESIDE.items():
            told = [word.format(pid=server.pid, port=server.port) for word in words]
            programs[name] = started.enter_context(_stopped(pinned([sys.executable, *told], other)))
        started.enter_context(_on(other))
        address = "127.0.0.1", server.port
        clients = [started.enter_context(socket.create_connection(address)) for _ in range(CLIENTS)]
        _converse(clients, 1)  # now all are served

        def measure(name: str) -> float:
            programs[name].send_signal(signal.SIGCONT)
            time.sleep(SETTLES)
            try:
                return _message_time(server.pid, clients)
            finally:
                programs[name].send_signal(signal.SIGSTOP)

        measures = {name: partial(measure, name) for name in BESIDE}
        turns = in_turn("watched", measures, rounds * TURNS)
        return {name: list(_middles(turns[name])) for name in BESIDE}


def _middles(turns: Sequence[float]) -> Iterator[float]:
    """Yield the median of each round's turns."""
    return (middle(turns[first : first + TURNS]) for first in range(0, len(turns), TURNS))


def _message_time(pid: int, clients: list[socket.socket]) -> float:
    began = cpu_time(pid)
    _converse(clients, MESSAGES)
    return (cpu_time(pid) - began) / 1000 / MESSAGES / len(clients)


def _converse(clients: list[socket.socket], messages: int) -> None:
    """Have all clients send a message, then all read the answer, `messages` times."""
    for _ in range(messages):
        for client in clients:
            client.sendall(MESSAGE)
        for client in clients:
            client.recv(8192)


@contextlib.contextmanager
def _on(core: int) -> Iterator[None]:
    """Move this process, which is the load, to that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    yield
    os.sched_setaffinity(0, before)


@contextlib.contextmanager
def _stopped(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program and stop it after its first line of output."""
    with subprocess.Popen(words, stdout=subprocess.PIPE) as program:  # noqa: S603 - our own words
        if program.stdout and not program.stdout.readline():
            raise click.ClickException("the program beside the load did not come up.")
        program.send_signal(signal.SIGSTOP)
        yield program
        program.terminate()
        program.send_signal(signal.SIGCONT)
