"""What `lanes watch` costs: processor time for its looks, and what the watched server loses.

A look at a server none of whose threads has run costs least, so it is measured too where one client
talks. What the server loses is a few percent of the time that a message takes, by a clock of the
kernel's that counts the nanoseconds of a process. The load is fixed in count, and the same server
is watched and not watched in short turns, hundreds of them, so that what else the machine does
falls out of their ratio. Both cores are taken, one by the server and one by the load. A watcher
takes time from the load, and a server that is asked less often spends more on each message: so it
is also measured next to a program that computes for as long as a watcher may, and watches nothing.
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
TALKS = 0.004  # seconds from one message of the client that talks to the next
CLIENTS, MESSAGES = 50, 100  # of the server that is loaded: each client says this many in a turn
TURNS = 12  # in each round
SETTLES = 0.1  # seconds for a program that goes on
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
    """Both."""
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
    """At a server in C with N threads, each waiting for its client; the last may talk."""
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
    """Microseconds of one server's processor time; all but one of the programs are stopped."""
    core, other = two_cores()
    with running(THREAD, core) as server, contextlib.ExitStack() as started:
        programs = {}
        for name, words in BESIDE.items():
            told = [word.format(pid=server.pid, port=server.port) for word in words]
            programs[name] = started.enter_context(_stopped(pinned([sys.executable, *told], other)))
        started.enter_context(_on(other))
        address = "127.0.0.1", server.port
        clients = [started.enter_context(socket.create_connection(address)) for _ in range(CLIENTS)]
        _converse(clients, 1)  # all are served

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
    """The median of each round's turns."""
    return (middle(turns[first : first + TURNS]) for first in range(0, len(turns), TURNS))


def _message_time(pid: int, clients: list[socket.socket]) -> float:
    began = cpu_time(pid)
    _converse(clients, MESSAGES)
    return (cpu_time(pid) - began) / 1000 / MESSAGES / len(clients)


def _converse(clients: list[socket.socket], messages: int) -> None:
    """All say something, and then all read the answer."""
    for _ in range(messages):
        for client in clients:
            client.sendall(MESSAGE)
        for client in clients:
            client.recv(8192)


@contextlib.contextmanager
def _on(core: int) -> Iterator[None]:
    """Moves the process that measures to that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    yield
    os.sched_setaffinity(0, before)


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
