"""More clients than there are places, all at once, again and again."""

import contextlib
from collections import Counter

import pytest

from tests.faults.flood import Flood
from tests.faults.honest import HonestClients
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(4), pytest.mark.alone]

PLACES = 256  # --max-clients by default
HONEST = 3
PROCESSES = 2
BASELINE_SECONDS = 15.0


def test_each_connect_of_a_flood_is_served_or_told_busy(rounds: Rounds, tally: Tally) -> None:
    connects = rounds(4_000, 20_000)
    with ServerProcess() as server:
        baseline = server.settled()
        with HonestClients(server.port, HONEST) as honest, contextlib.ExitStack() as stack:
            floods = [
                stack.enter_context(Flood(server.port, connects // PROCESSES, PLACES))
                for _ in range(PROCESSES)
            ]
            told = sum((flood.result(120.0) for flood in floods), Counter[str]())
            service = honest.finish()
        took = wait_until(lambda: (server.descriptors(), server.threads()) == baseline)
        snapshot = server.snapshot()

    fair = told["served"] + told["busy"]
    tally.check(fair == connects, f"of {connects} connects: {dict(told)}", rounds=connects)
    counted = snapshot["accepted"] - HONEST, snapshot["refused"]["busy"]
    tally.check(counted == (told["served"], told["busy"]), f"the server has counted {counted}")
    tally.check(snapshot["peak_serving"] == PLACES, f"{snapshot['peak_serving']} places taken")
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.check(took <= BASELINE_SECONDS, f"back at the baseline after {took:.1f} s")
    tally.measure(
        served=f"{told['served']:,}", busy=f"{told['busy']:,}", baseline_after=f"{took:.1f} s"
    )
