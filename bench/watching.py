"""What `lanes watch` costs: processor time for its looks, and what the watched server loses.

A server is loaded with a watcher and without one, in turn. The watcher runs beside the load, so the
figure to compare is the server's processor time for a message.
"""

import contextlib
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

from bench.contenders import C_THREADS, MESSAGE, THREAD, Running, pinned, running
from bench.load import load
from bench.machine import describe, two_cores
from bench.rounds import in_turn
from lanes.watch.watcher import Watcher

CROWDS = (10, 100, 1000)  # threads, each with an idle client
CLIENTS = ("--clients", "50")  # of the server that is loaded
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
    watched = {
        "nobody": partial(_message_time, seconds, watched=False),
        "a watcher": partial(_message_time, seconds, watched=True),
    }
    return {
        "machine": describe(),
        "looks": {
            str(threads): [asdict(_looks(threads, seconds)) for _ in range(rounds)]
            for threads in CROWDS
        },
        "microseconds": in_turn("watched", watched, rounds),
    }


def _looks(threads: int, seconds: float) -> Looks:
    """At a server in C, in which so many threads wait for their clients."""
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


def _message_time(seconds: float, *, watched: bool) -> float:
    """Microseconds of the server's processor time."""
    core, other = two_cores()
    with running(THREAD, core) as server:
        words = (*CLIENTS, "--seconds", str(seconds))
        with _watching(server) if watched else contextlib.nullcontext():
            return load(server, words, other).message_time


@contextlib.contextmanager
def _watching(server: Running) -> Iterator[None]:
    """`lanes watch`, from its first look on."""
    _, other = two_cores()
    words = ["-m", "lanes", "watch", "--pid", str(server.pid), "--port", str(server.port)]
    words = pinned([sys.executable, *words, "--json", "-", "--every", "600"], other)
    with subprocess.Popen(words, stdout=subprocess.PIPE) as watcher:  # noqa: S603 - our own words
        if watcher.stdout and not watcher.stdout.readline():
            raise click.ClickException("the watcher did not come up.")
        yield
        watcher.terminate()
