"""Sessions come and go; the server holds no more than before."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import Rounds
from tests.faults.process import LOOPBACK, SECONDS, ServerProcess, wait_until
from tests.faults.tally import Tally

pytestmark = pytest.mark.promise(10)

HISTORY = 1000  # closed sessions that the server remembers
MEBIBYTE = 1024 * 1024
AT_ONCE = 8


def converse(port: int) -> bool:
    """A greeting, a message and its reply, and goodbye."""
    with (
        socket.create_connection((LOOPBACK, port), SECONDS) as connection,
        connection.makefile("rb") as lines,
    ):
        lines.readline()
        connection.sendall(b"Hey Server!!!\n")
        return lines.readline().startswith(b"+OK ")


def converse_often(port: int, times: int) -> int:
    """How many of so many conversations were answered."""
    with ThreadPoolExecutor(AT_ONCE) as clients:
        return sum(clients.map(converse, [port] * times))


def test_after_many_sessions_descriptors_threads_and_memory_are_what_they_were(
    rounds: Rounds, tally: Tally
) -> None:
    sessions = rounds(5_000, 50_000)
    with ServerProcess() as server:
        converse_often(server.port, 2 * HISTORY)
        wait_until(lambda: server.snapshot()["open"] == 0)
        descriptors, threads, memory = server.descriptors(), server.threads(), server.resident()

        answered = converse_often(server.port, sessions)
        tally.check(answered == sessions, f"{answered} of {sessions} answered", rounds=sessions)

        wait_until(lambda: server.snapshot()["open"] == 0)
        wait_until(lambda: (server.descriptors(), server.threads()) == (descriptors, threads))
        growth = server.resident() - memory
        tally.check(growth <= 2 * MEBIBYTE, f"memory grew by {growth:,} bytes")
        tally.measure(memory_growth=f"{growth / MEBIBYTE:+.2f} MiB")
