"""The server is killed, the network is cut in every way there is: everybody goes on afterwards.

Most of that is waiting, so all of it happens at once, and each test waits for its own part.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import docker
import pytest

from tests.faults.cuts import (
    disconnections,
    dropped_packets,
    kills,
    long_pauses,
    other_addresses,
    short_pauses,
)
from tests.faults.dead import dead_connections
from tests.faults.site import OVER
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds

pytestmark = pytest.mark.promise(8)

Cut = Callable[[Tally, Rounds], None]
Cuts = dict[Cut, Future[Tally]]

CUTS: list[Cut] = [
    kills,
    dead_connections,
    other_addresses,
    short_pauses,
    long_pauses,
    dropped_packets,
    disconnections,
]


@pytest.fixture(scope="module")
def cuts(engine: docker.DockerClient, pytestconfig: pytest.Config) -> Iterator[Cuts]:  # noqa: ARG001 - one must be there
    full = pytestconfig.getoption("rounds") == "full"

    def count(cut: Cut) -> Tally:
        tally = Tally(0, cut.__name__)
        cut(tally, lambda short, long: long if full else short)
        return tally

    with ThreadPoolExecutor(len(CUTS)) as threads:
        yield {cut: threads.submit(count, cut) for cut in CUTS}
        OVER.set()  # what still waits, where the tests were interrupted, is not to wait any more


def adopt(tally: Tally, counted: Tally) -> None:
    """Make its counts the test's own."""
    tally.rounds, tally.violations = counted.rounds, counted.violations
    tally.broken, tally.figures = counted.broken, counted.figures


@pytest.mark.promise(6)
def test_a_container_that_is_killed_under_8_clients_loses_nothing(cuts: Cuts, tally: Tally) -> None:
    adopt(tally, cuts[kills].result())


def test_clients_of_a_server_that_is_paused_for_a_second_go_on(cuts: Cuts, tally: Tally) -> None:
    adopt(tally, cuts[short_pauses].result())


def test_clients_of_a_server_that_is_paused_for_long_go_on(cuts: Cuts, tally: Tally) -> None:
    adopt(tally, cuts[long_pauses].result())


def test_clients_go_on_when_one_end_was_disconnected(cuts: Cuts, tally: Tally) -> None:
    adopt(tally, cuts[disconnections].result())


def test_clients_go_on_when_packets_were_dropped(cuts: Cuts, tally: Tally) -> None:
    adopt(tally, cuts[dropped_packets].result())


def test_clients_find_a_server_that_comes_back_with_another_address(
    cuts: Cuts, tally: Tally
) -> None:
    adopt(tally, cuts[other_addresses].result())


def test_a_dead_connection_is_freed_within_65_seconds(cuts: Cuts, tally: Tally) -> None:
    adopt(tally, cuts[dead_connections].result())
