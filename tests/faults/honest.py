"""Honest clients that check every reply, and how quickly it came, while others make trouble."""

import itertools
import socket
import statistics
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.forge import Call, beside
from tests.kit.certificates import Pair, trusting
from tests.kit.http_get import LOOPBACK
from tests.kit.peer import Peer
from tests.kit.waiting import SECONDS


@dataclass
class Service:
    seconds: list[float] = field(default_factory=list)  # that each reply took
    errors: list[str] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return len(self.seconds)

    @property
    def p99(self) -> float:
        """Seconds within which 99 of 100 messages were answered."""
        return statistics.quantiles(self.seconds, n=100)[98]

    def __add__(self, other: "Service") -> "Service":
        return Service(self.seconds + other.seconds, self.errors + other.errors)


def honest_clients(
    port: int, clients: int, *tls: Path | Pair
) -> AbstractContextManager[Future[Service]]:
    """Run N clients at once, greeted when the block begins; they leave when it ends.

    `tls` is the authority that they trust and the certificate that they show.
    """
    return beside(_converse, port, clients, *tls)


def _converse(call: Call, port: int, clients: int, *tls: Any) -> Service:  # noqa: ANN401
    service, greeted = Service(), threading.Barrier(clients + 1)
    context = trusting(*tls) if tls else None

    def client(number: int) -> None:
        with Peer(f"{LOOPBACK}:{port}", tls=context) as peer:
            peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = peer.line().removeprefix("+OK ").partition(":")[0]
            expected = f"+OK {thread}: Today we will learn about"
            greeted.wait(SECONDS)
            for message in itertools.count(1):
                if call.over.wait(0.005):  # seconds before its next message
                    return
                began = time.monotonic()
                try:
                    reply = peer.say(f"honest client {number}, message {message}")
                    service.seconds.append(time.monotonic() - began)
                except OSError as error:
                    reply = repr(error)
                if not reply.startswith(expected):
                    service.errors.append(f"client {number}, message {message}: {reply}")
                    return

    with ThreadPoolExecutor(clients) as threads:
        for number in range(clients):
            threads.submit(client, number)
        greeted.wait(SECONDS)
        call.ready.set()
    return service
