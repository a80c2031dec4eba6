"""Hostile clients, in processes of their own, at a steady rate."""

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from typing import NamedTuple

from tests.faults.companion import Call, Companion
from tests.faults.hostility import KINDS, Unkept, endless
from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

AT_ONCE = 8  # conversations, in each process
ENDLESS_EVERY = 1000  # conversations to one of 100 MB


class Havoc(NamedTuple):
    """What a process has done."""

    conversations: Counter[str]  # by kind
    unkept: list[str]
    most_taken: int  # bytes of the 100 MB that went out before the server ended it

    def __add__(self, other: "Havoc") -> "Havoc":  # type: ignore[override]  # not as a tuple
        return Havoc(
            self.conversations + other.conversations,
            self.unkept + other.unkept,
            max(self.most_taken, other.most_taken),
        )


class HostileClients(Companion[Havoc]):
    """So many conversations, so many a second, from when it is entered until `result`."""

    def __init__(self, port: int, conversations: int, rate: float, seed: int) -> None:
        super().__init__(_harass, port, conversations, rate, seed)


def harass(port: int, conversations: int, rate: float, processes: int = 2) -> Havoc:
    """Have so many processes hold so many conversations among them, and wait for their end."""
    share = conversations // processes
    seconds = conversations / rate
    with contextlib.ExitStack() as stack:
        gangs = [
            stack.enter_context(HostileClients(port, share, rate / processes, seed))
            for seed in range(processes)
        ]
        havoc, *more = [gang.result(2 * seconds + SECONDS) for gang in gangs]
        return sum(more, havoc)


def _harass(call: Call, port: int, conversations: int, rate: float, seed: int) -> Havoc:
    numbers = iter(range(conversations))
    taking = threading.Lock()
    done: Counter[str] = Counter()
    unkept: list[str] = []
    most_taken = [0]
    call.ready()
    began = time.monotonic()

    def client() -> None:
        while True:
            with taking:
                number = next(numbers, None)
            if number is None or call.over.wait(max(0, began + number / rate - time.monotonic())):
                return
            kind = KINDS[number % len(KINDS)] if (number + 1) % ENDLESS_EVERY else endless
            try:
                with socket.create_connection((LOOPBACK, port), SECONDS) as connection:
                    taken = kind(connection, random.Random(f"{seed} {number}"))  # noqa: S311
            except (OSError, Unkept) as error:
                unkept.append(f"{kind.__name__} {number}: {error!r}")
            else:
                most_taken[0] = max(most_taken[0], taken or 0)
            with taking:
                done[kind.__name__] += 1

    threads = [threading.Thread(target=client, daemon=True) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Havoc(done, unkept, most_taken[0])
