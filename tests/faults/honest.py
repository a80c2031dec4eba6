"""Honest clients beside the trouble: what they were answered, and how quickly.

Each says numbered messages, one after the other, and checks every reply.
"""

import itertools
import socket
import statistics
import threading
import time
from typing import NamedTuple

from tests.faults.companion import Call, Companion
from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

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

    def __add__(self, other: "Service") -> "Service":  # type: ignore[override]  # not as a tuple
        return Service(
            self.answered + other.answered,
            self.errors + other.errors,
            self.seconds + other.seconds,
        )


class HonestClients(Companion[Service]):
    """So many at once, greeted when it is entered; `finish` has them say goodbye."""

    def __init__(self, port: int, clients: int = 3) -> None:
        super().__init__(_converse, port, clients)


def quiet_service(port: int, seconds: float = 3.0, clients: int = 3) -> Service:
    """What honest clients have when nobody else is there."""
    with HonestClients(port, clients) as honest:
        time.sleep(seconds)  # not a wait for something: this is what is measured
        return honest.finish()


def _converse(call: Call, port: int, clients: int) -> Service:
    greeted = threading.Barrier(clients + 1)
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
            greeted.wait(SECONDS)
            for message in itertools.count(1):
                if call.over.wait(PAUSE):
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
    greeted.wait(SECONDS)
    call.ready()
    call.over.wait()
    for thread in threads:
        thread.join(SECONDS)
    seconds = [one for service in services for one in service.seconds]
    errors = [error for service in services for error in service.errors]
    errors += ["hangs" for thread in threads if thread.is_alive()]
    return Service(len(seconds), errors, seconds)
