"""Sessions come and go; the server has counted each, and holds no more than before."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.tally import Tally
from tests.kit.peer import Peer
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = pytest.mark.promise(10)

HISTORY = 1000  # closed sessions that the server remembers
WARM_UP = 3 * HISTORY
MEBIBYTE = 1024 * 1024
COUNTED = (
    *("lanes_connections_total", "lanes_messages_total", "lanes_session_seconds_count"),
    *("lanes_waiting_seconds_count", "lanes_answer_seconds_count"),
)


def converse(address: str) -> bool:
    with Peer(address) as peer:
        peer.line()
        return peer.say("Hey Server!!!").startswith("+OK ")


def converse_often(server: ServerProcess, times: int) -> int:
    """Return how many of N conversations were answered, once they are over for the server too."""
    with ThreadPoolExecutor(8) as clients:
        answered = sum(clients.map(converse, [server.address] * times))
    wait_until(lambda: server.snapshot()["open"] == 0, pause=0.1)
    return answered


# At `info`, the log's queue of at most 8 MiB may have filled up since the baseline was taken.
@pytest.mark.parametrize(("level", "most"), [("warning", 2), ("info", 10)], ids=["warning", "info"])
def test_after_many_sessions_descriptors_threads_and_memory_are_what_they_were(
    rounds: Rounds, tally: Tally, level: str, most: int
) -> None:
    sessions = rounds(5_000, 50_000)
    with ServerProcess("--log-level", level) as server:
        converse_often(server, WARM_UP)
        baseline, memory = server.settled(), server.resident()

        answered = converse_often(server, sessions)
        held = server.settled()
        growth = (server.resident() - memory) / MEBIBYTE
        snapshot = server.snapshot()
        ended = server.metrics("lanes_sessions_ended_total")
        counted = {name: server.metrics(name)[""] for name in COUNTED}

    total = WARM_UP + sessions
    remembered = len({record["number"] for record in snapshot["sessions"]})
    tally.check(answered == sessions, f"{answered} of {sessions} answered", rounds=sessions)
    tally.check(held == baseline, f"descriptors and threads: {held}, before {baseline}")
    tally.check(growth <= most, f"memory grew by {growth:.2f} MiB")
    tally.check(remembered == HISTORY, f"{remembered} sessions remembered")
    tally.check(ended["bye"] == total == sum(ended.values()), f"{total} sessions ended as {ended}")
    tally.check(set(counted.values()) == {total}, f"/metrics has not counted {total}: {counted}")
    tally.measure(
        memory_growth=f"{growth:+.2f} MiB",
        descriptors=f"{held[0] - baseline[0]:+d}",
        threads=f"{held[1] - baseline[1]:+d}",
        sessions_remembered=f"{remembered:,}",
    )
