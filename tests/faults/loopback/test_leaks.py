"""Sessions come and go; the server holds no more than before, and has counted each."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.tally import Tally
from tests.kit.http_get import LOOPBACK
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import SECONDS, wait_until

pytestmark = pytest.mark.promise(10)

HISTORY = 1000  # closed sessions that the server remembers
WARM_UP = 3 * HISTORY
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


# At `info` the log's queue, of 8 MiB at the most, may have been full since, and not before.
@pytest.mark.parametrize(("level", "most"), [("warning", 2 * MEBIBYTE), ("info", 10 * MEBIBYTE)])
def test_after_many_sessions_descriptors_threads_and_memory_are_what_they_were(
    rounds: Rounds, tally: Tally, level: str, most: int
) -> None:
    sessions = rounds(5_000, 50_000)
    with ServerProcess("--log-level", level) as server:
        converse_often(server.port, WARM_UP)
        wait_until(lambda: server.snapshot()["open"] == 0, pause=0.1)
        baseline, memory = server.settled(), server.resident()

        answered = converse_often(server.port, sessions)
        tally.check(answered == sessions, f"{answered} of {sessions} answered", rounds=sessions)

        wait_until(lambda: server.snapshot()["open"] == 0, pause=0.1)
        held = server.settled()
        growth = server.resident() - memory
        snapshot = server.snapshot()
        ended = server.metrics("lanes_sessions_ended_total")
        counted = {
            name: server.metrics(name)[""]
            for name in (
                "lanes_connections_total",
                "lanes_session_seconds_count",
                "lanes_waiting_seconds_count",
                "lanes_messages_total",
                "lanes_answer_seconds_count",
            )
        }

    total = WARM_UP + sessions
    remembered = len({record["number"] for record in snapshot["sessions"]})
    tally.check(held == baseline, f"descriptors and threads: {held}, before {baseline}")
    tally.check(growth <= most, f"memory grew by {growth:,} bytes")
    tally.check(remembered == HISTORY, f"{remembered} sessions remembered")
    tally.check(ended["bye"] == total == sum(ended.values()), f"{total} sessions ended as {ended}")
    tally.check(set(counted.values()) == {total}, f"/metrics has not counted {total}: {counted}")
    tally.measure(
        log_level=level,
        memory_growth=f"{growth / MEBIBYTE:+.2f} MiB",
        descriptors=f"{held[0] - baseline[0]:+d}",
        threads=f"{held[1] - baseline[1]:+d}",
        sessions_remembered=f"{remembered:,}",
    )
