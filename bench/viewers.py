"""What the live page costs the conversations while somebody views it.

In every second turn, /sessions.json is requested twice a second, as `lanes page` does for all its
viewers together. The connections stay open throughout. Each turn gives two figures: messages a
second, which needs many turns on a shared machine; and the share of the server's processor time
that goes to threads without a conversation (Linux counts it for each thread).
"""

import contextlib
import json
import multiprocessing
import multiprocessing.synchronize
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bench.contenders import MESSAGE, THREAD, Running, running
from lanes.ask import Servers

INTERVAL = 0.5  # seconds between two looks, as in the page's script
HISTORY = 1000  # closed sessions that the page has to draw

Event = multiprocessing.synchronize.Event
Lock = multiprocessing.synchronize.Lock


@dataclass(frozen=True, slots=True)
class Turn:
    """Messages a second; the share of processor time of threads without a conversation."""

    rate: float
    others: float


def measure(clients: int, pairs: int, seconds: float) -> dict[str, list[Turn]]:
    """Measure pairs of turns, one with a viewer and one without."""
    turns: dict[str, list[Turn]] = {"nobody": [], "somebody": []}
    wanted = multiprocessing.Event()
    with running(THREAD, core=None) as server:
        for _ in range(HISTORY):
            _Conversations(server.port, 1).close()
        asking = multiprocessing.Lock()  # the viewer holds it while it waits for an answer
        viewer = multiprocessing.Process(target=_view, args=(server, wanted, asking), daemon=True)
        viewer.start()
        with contextlib.closing(_Conversations(server.port, clients)) as conversations:
            conversations.rate(seconds)  # to warm up
            threads = _serving(server)
            for number in range(pairs):
                for looks in sorted(turns, reverse=number % 2 == 0):  # neither is always first
                    if looks == "somebody":
                        wanted.set()
                    else:
                        wanted.clear()
                        with asking:  # a request of the turn before ends first
                            pass
                    turns[looks].append(_turn(conversations, server.pid, threads, seconds))
        viewer.terminate()
        viewer.join()
    return turns


def _turn(conversations: "_Conversations", pid: int, threads: set[int], seconds: float) -> Turn:
    """Measure one turn."""
    these_before, others_before = _processor_time(pid, threads)
    rate = conversations.rate(seconds)
    these, others = _processor_time(pid, threads)
    these, others = these - these_before, others - others_before
    return Turn(rate, others / (these + others))


def _view(server: Running, wanted: Event, asking: Lock) -> None:
    """Ask twice a second while `wanted` is set, until this process is terminated."""
    servers = Servers("127.0.0.1", server.status_port)
    servers.ask()  # the first answer has everything, later ones only what is new
    while True:
        wanted.wait()
        with asking:
            if wanted.is_set():
                servers.ask()
        time.sleep(max(INTERVAL, servers.pause))


def _serving(server: Running) -> set[int]:
    """Return the native IDs of the threads that now have a conversation."""
    snapshot: dict[str, Any] = json.loads(server.ask("/sessions.json"))
    return {one["native_id"] for one in snapshot["sessions"] if not one["end"]}


class _Conversations:
    """Clients that each send the next message as soon as the last one is answered."""

    def __init__(self, port: int, clients: int) -> None:
        self._poll = select.poll()
        self._sockets = {}
        for _ in range(clients):
            connected = socket.create_connection(("127.0.0.1", port))
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected.recv(8192)  # the greeting
            connected.sendall(MESSAGE)
            self._sockets[connected.fileno()] = connected
            self._poll.register(connected, select.POLLIN)

    def rate(self, seconds: float) -> float:
        """Return messages answered a second, measured over this many seconds."""
        answered, began = 0, time.monotonic()
        while time.monotonic() - began < seconds:
            for descriptor, _ in self._poll.poll(1000):
                if not self._sockets[descriptor].recv(8192).endswith(b"\n"):
                    raise click.ClickException("a reply came in pieces, or not at all.")
                self._sockets[descriptor].sendall(MESSAGE)
                answered += 1
        return answered / (time.monotonic() - began)

    def close(self) -> None:
        """Close all connections."""
        for connected in self._sockets.values():
            connected.close()


def _processor_time(pid: int, threads: set[int]) -> tuple[int, int]:
    """Return the nanoseconds that these threads and all others have run (proc(5))."""
    these, others = 0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has ended
            ran = int((task / "schedstat").read_text().split()[0])
            if int(task.name) in threads:
                these += ran
            else:
                others += ran
    return these, others
