"""Clients that hold a place and do not do their part, beside some that do."""

import pytest

from tests.faults.health import HealthWatch
from tests.faults.honest import HonestClients
from tests.faults.slow import END, SlowClients
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(3), pytest.mark.alone]

TIMEOUT = 5  # seconds: for a message to begin, a line to end, a reply to be taken
HONEST = 3
OPTIONS = [
    *("--max-clients", "1024", "--idle-timeout", str(TIMEOUT)),
    *("--line-timeout", str(TIMEOUT), "--send-timeout", str(TIMEOUT)),
    # The deaf ones' million messages would take seconds to log, and are answered only then.
    *("--log-level", "warning"),
]


def test_slow_and_deaf_clients_are_shown_out_in_time_and_harm_nobody(
    rounds: Rounds, tally: Tally
) -> None:
    of_each = rounds(64, 256)
    with (
        ServerProcess(*OPTIONS) as server,
        HonestClients(server.port, HONEST) as honest,
        HealthWatch(server.status_port) as watch,
    ):
        with SlowClients(server.port, of_each) as slow:
            wait_until(lambda: server.snapshot()["open"] == HONEST, pause=0.5)
            kinds = slow.finish()
        service, health = honest.finish(), watch.finish()

        snapshot = server.snapshot()
        at_once = snapshot["peak_serving"]
        everybody = of_each * len(END) + HONEST
        tally.check(at_once == everybody, f"{at_once} of {everybody} were there at once")
        records = {record["peer"]: record for record in snapshot["sessions"]}
        longest = dict.fromkeys(END, 0.0)
        for peer, kind in kinds.items():
            end = records[peer]["end"]
            seconds = records[peer]["closed_at"] - records[peer]["served_at"]
            longest[kind] = max(longest[kind], seconds)
            tally.check(
                end == END[kind] and seconds <= TIMEOUT + 2, f"{kind}: {end} after {seconds:.1f} s"
            )
        tally.check(len(kinds) == of_each * len(END), f"{len(kinds)} of them")

    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.check(not health.errors, f"/healthz: {health.errors}", rounds=health.asked)
    tally.check(health.worst <= 0.5, f"/healthz took {health.worst:.3f} s")
    tally.measure(
        worst_healthz=f"{1000 * health.worst:.0f} ms",
        **{kind: f"gone after {seconds:.1f} s" for kind, seconds in longest.items()},
    )
