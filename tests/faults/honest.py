"""Honest clients beside the trouble: what they were answered, and how quickly.

They run in a process of their own, so that a test that makes trouble does not slow down its own
stopwatch. Each says numbered messages, one after the other, and checks every reply.
"""

import itertools
import multiprocessing
import socket
import statistics
import threading
import time
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import NamedTuple, Self

from tests.faults.process import LOOPBACK, SECONDS

PAUSE = 0.005  # seconds between a reply and the next message


class Service(NamedTuple):
    """What honest clients have had."""

    answered: int
    errors: list[str]
    seconds: list[float]  # that each reply took

    @property
    def p99(self) -> float:
        """Seconds within which 99 of 100 messages were answered."""
        return statistics.quantiles(self.seconds, n=100)[98]


class HonestClients:
    """So many at once, from when it is entered until `finish`, or until it is left."""

    def __init__(self, port: int, clients: int = 3) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_converse, args=(port, clients, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        assert self._pipe.poll(SECONDS), "no thread has greeted the honest clients"
        self._pipe.recv()
        return self

    def finish(self) -> Service:
        """Have them say goodbye; what they have had."""
        self._pipe.send("finish")
        assert self._pipe.poll(SECONDS), "the honest clients hang"
        service: Service = self._pipe.recv()
        self._process.join(SECONDS)
        return service

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._pipe.close()


def quiet_service(port: int, seconds: float = 3.0, clients: int = 3) -> Service:
    """What honest clients have when nobody else is there."""
    with HonestClients(port, clients) as honest:
        time.sleep(seconds)  # not a wait for something: this is what is measured
        return honest.finish()


def _converse(port: int, clients: int, pipe: Pipe) -> None:
    over = threading.Event()
    ready = threading.Barrier(clients + 1)
    services = [Service(0, [], []) for _ in range(clients)]

    def client(number: int) -> None:
        with (
            socket.create_connection((LOOPBACK, port), SECONDS) as connection,
            connection.makefile("rb") as lines,
        ):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            greeting = lines.readline().decode()
            thread = greeting.removeprefix("+OK ").partition(":")[0]
            expected = f"+OK {thread}: Today we will learn about".encode()
            ready.wait()
            for message in itertools.count(1):
                if over.wait(PAUSE):
                    return
                began = time.monotonic()
                try:
                    connection.sendall(b"honest client %d, message %d\n" % (number, message))
                    reply = lines.readline()
                except OSError as error:
                    services[number].errors.append(f"message {message}: {error}")
                    return
                services[number].seconds.append(time.monotonic() - began)
                if not reply.startswith(expected):
                    services[number].errors.append(f"message {message}: {reply!r}")
                    return

    threads = [threading.Thread(target=client, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    ready.wait(SECONDS)
    pipe.send("ready")
    pipe.recv()
    over.set()
    for thread in threads:
        thread.join(SECONDS)
    seconds = [one for service in services for one in service.seconds]
    errors = [error for service in services for error in service.errors]
    errors += ["hangs" for thread in threads if thread.is_alive()]
    pipe.send(Service(len(seconds), errors, seconds))
