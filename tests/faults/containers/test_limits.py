"""The container gives no more threads, or no more descriptors; the server serves whom it can."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from docker.types import Ulimit
from testcontainers.core.network import Network

from tests.containers import SECONDS, fetch_sessions, wait_until
from tests.faults.conftest import Rounds
from tests.faults.tally import Tally
from tests.integration.running import STATUS_PORT, Server

pytestmark = pytest.mark.promise(5)

PIDS = 40
CLIENTS = 60  # more than the threads that the limit leaves
SPARE = 128  # descriptors that the server wants besides one for each client
SOON = 1.0  # seconds until it serves again
BUSY, GREETED = "-ERR busy", "+OK"


@contextmanager
def limited(network: Network, *options: str, **limits: Any) -> Iterator[Server]:  # noqa: ANN401 - they are docker-py's
    server = Server(network, list(options)).with_kwargs(**limits)
    try:
        yield server.start()
    finally:
        server.stop()


def told(connection: socket.socket) -> str:
    """The first word or two that the server says to a client."""
    with connection.makefile("rb") as lines:
        line = lines.readline().decode()
    return next((words for words in (BUSY, GREETED) if line.startswith(words)), repr(line))


def is_answered(connection: socket.socket) -> bool:
    connection.sendall(b"are you there?\n")
    return told(connection) == GREETED


def flood(server: Server, tally: Tally) -> Counter[str]:
    """Have so many clients there at once; how many were told what."""
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(server.address, SECONDS))
            for _ in range(CLIENTS)
        ]
        heard = [told(client) for client in clients]
        counts = Counter(heard)
        tally.check(set(counts) == {BUSY, GREETED}, f"told {counts}", rounds=CLIENTS)
        greeted = [client for client, words in zip(clients, heard, strict=True) if words == GREETED]
        answered = sum(map(is_answered, greeted))
        tally.check(answered == len(greeted), f"{answered} of {len(greeted)} answered")
        tally.check(is_well(server), "it is not well")
    began = time.monotonic()
    wait_until(lambda: server.snapshot()["open"] == 0)
    with socket.create_connection(server.address, SECONDS) as client:
        words, seconds = told(client), time.monotonic() - began
    tally.check(words == GREETED and seconds <= SOON, f"{words} after {seconds:.2f} s")
    return counts


def is_well(server: Server) -> bool:
    """Whether its HTTP port answers; a health check of Docker's would want a process."""
    host, port = server.get_container_host_ip(), server.get_exposed_port(STATUS_PORT)
    return bool(fetch_sessions(host, port)["pid"])


def withstand(server: Server, tally: Tally, floods: int) -> None:
    pid = server.snapshot()["pid"]
    counts: Counter[str] = Counter()
    for _ in range(floods):
        counts += flood(server, tally)
    tally.check(server.snapshot()["pid"] == pid, "it is another process")
    tally.check(server.terminate() == 0, "it did not drain")
    tally.check("Traceback" not in server.output(), server.output()[-1000:])
    tally.measure(greeted=str(counts[GREETED]), told_busy=str(counts[BUSY]))


def test_of_a_limit_of_40_pids_it_makes_threads_and_tells_the_others_busy(
    network: Network, rounds: Rounds, tally: Tally
) -> None:
    with limited(network, pids_limit=PIDS) as server:
        withstand(server, tally, rounds(1, 10))


def test_of_a_limit_of_160_descriptors_it_serves_32_and_tells_the_others_busy(
    network: Network, rounds: Rounds, tally: Tally
) -> None:
    limit = Ulimit(name="nofile", soft=32 + SPARE, hard=32 + SPARE)
    with limited(network, "--max-clients", "32", ulimits=[limit]) as server:
        withstand(server, tally, rounds(1, 10))
