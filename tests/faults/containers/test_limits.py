"""The container gives no more threads, descriptors or memory; the server serves whom it can."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from docker.types import Ulimit
from testcontainers.core.network import Network

from tests.faults.tally import Tally
from tests.kit.images import PORT, Server
from tests.kit.rounds import Rounds
from tests.kit.waiting import SECONDS, wait_until

pytestmark = [pytest.mark.promise(5), pytest.mark.alone]

PIDS = 40
CLIENTS = 60  # more than the threads that the limit leaves
SPARE = 128  # descriptors that the server wants besides one for each client
SOON = 1.0  # seconds until it serves again
MEMORY = 256 * 1024 * 1024  # bytes, as in compose.yaml
DEAF = 255  # clients, and one place is left
QUESTIONS = 4 * 8192 * b"\n"  # the replies to a quarter of them are 650 KB
CANNOT_ACCEPT = "cannot accept, trying again"
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
    return bool(server.snapshot()["pid"])


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


def test_160_descriptors_are_enough_for_32_clients_and_all_else(
    network: Network, rounds: Rounds, tally: Tally
) -> None:
    limit = Ulimit(name="nofile", soft=32 + SPARE, hard=32 + SPARE)
    with limited(network, "--max-clients", "32", ulimits=[limit]) as server:
        withstand(server, tally, rounds(1, 10))
        tally.check(not server.events(CANNOT_ACCEPT), "the spare descriptors did not suffice")


def own_address(server: Server) -> tuple[str, int]:
    """Not the published one: behind that is a proxy, which would take what a client does not."""
    container = server.get_wrapped_container()
    container.reload()
    [network] = container.attrs["NetworkSettings"]["Networks"].values()
    return network["IPAddress"], PORT


def peak_memory(server: Server) -> int:
    """The most bytes that its process has held at once: VmHWM of proc(5)."""
    status = server.exec(["cat", f"/proc/{server.snapshot()['pid']}/status"]).output.decode()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if "VmHWM" in line]
    return 1024 * int(kilobytes)


def test_of_a_limit_of_256_mib_as_many_deaf_clients_as_there_are_places_take_half(
    network: Network, tally: Tally
) -> None:
    # Of a million messages the log would take half a minute, and 8 MiB.
    options = ("--log-level", "warning", "--send-timeout", "3")
    with limited(network, *options, mem_limit=MEMORY) as server, ExitStack() as stack:
        for _ in range(DEAF):
            deaf = stack.enter_context(socket.socket())
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(SECONDS)
            deaf.connect(own_address(server))
            deaf.sendall(QUESTIONS)
        with socket.create_connection(server.address, SECONDS) as client:
            tally.check(told(client) == GREETED and is_answered(client), "nobody is answered")
        wait_until(lambda: server.snapshot()["open"] == 0)
        ends = Counter(session["end"] for session in server.sessions())
        tally.check(ends == {"unread": DEAF, "bye": 1}, f"their ends: {ends}", rounds=DEAF)
        peak = peak_memory(server)
        tally.check(server.terminate() == 0, "it did not drain")
        tally.check(peak < MEMORY / 2, f"it took {peak:,} bytes")
        tally.measure(most=f"{peak / 1024 / 1024:.0f} MiB")
