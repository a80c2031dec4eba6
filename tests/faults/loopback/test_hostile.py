"""Hostile clients beside honest ones."""

import time

import pytest

from tests.faults.honest import Service, honest_clients
from tests.faults.hostile import harass
from tests.faults.inspection import inspect_console, inspect_json
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = pytest.mark.promise(2)

RATE = 1000.0  # conversations a second: with more, this would measure the two cores
WARM_UP = 4_000  # conversations, which fill the history of 1,000 sessions
HONEST = 3
QUIET = 1.0  # seconds without hostile clients before each of their turns
SLICE = 0.02  # seconds that another program's turn on a core may cost a few messages
MEBIBYTE = 1024 * 1024


@pytest.mark.alone
def test_hostile_conversations_harm_nobody_else(rounds: Rounds, tally: Tally) -> None:
    turns = rounds(4, 5)
    conversations = rounds(8_000, 100_000) // turns
    quiet, beside, seconds = Service(), Service(), 0.0
    with ServerProcess() as server:
        with honest_clients(server.port, HONEST) as honest:
            unkept = harass(server.port, WARM_UP, 10 * RATE)  # as fast as they can
        warm = honest.result()
        memory = server.resident()
        # In turns, so that other programs on the machine affect both.
        for _ in range(turns):
            with honest_clients(server.port, HONEST) as honest:
                time.sleep(QUIET)  # not a wait: this is the time that is measured
            quiet += honest.result()
            with honest_clients(server.port, HONEST) as honest:
                began = time.monotonic()
                unkept += harass(server.port, conversations, RATE)
                seconds += time.monotonic() - began
            beside += honest.result()
        wait_until(lambda: server.snapshot()["open"] == 0, pause=0.1)
        growth = server.resident() - memory
        accepted = server.snapshot()["accepted"]
        ended = server.metrics("lanes_sessions_ended_total")
        server.terminate()  # then the log is complete
        found = inspect_json(server.log_lines())
        errors = server.errors()

    hostile = WARM_UP + turns * conversations
    tally.check(not unkept, f"hostile clients: {unkept[:3]}", rounds=hostile)
    service = warm + beside
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    expected = hostile + HONEST * (1 + 2 * turns)
    tally.check(accepted == expected, f"{accepted:,} sessions of {expected:,} clients")
    tally.check(ended["failed"] == 0, f"the sessions' ends: {ended}")
    tally.check(not found.faults, f"in the log: {found.faults[:10]}", rounds=found.lines)
    tally.check(not errors, f"on standard error: {errors}")
    bound = max(5 * quiet.p99, rounds(1, 0) * SLICE)
    tally.check(beside.p99 <= bound, f"p99 {beside.p99:.4f} s, quiet {quiet.p99:.4f} s")
    tally.check(growth <= 2 * MEBIBYTE, f"memory grew by {growth:,} bytes")
    tally.measure(
        conversations_a_second=f"{turns * conversations / seconds:.0f}",
        p99=f"{1000 * beside.p99:.1f} ms",
        quiet_p99=f"{1000 * quiet.p99:.1f} ms",
        memory_growth=f"{growth / MEBIBYTE:+.2f} MiB",
        log_lines_dropped=f"{found.missing:,} of {found.lines + found.missing:,}",
    )


def test_no_hostile_text_commands_the_terminal_or_forges_a_line(
    rounds: Rounds, tally: Tally
) -> None:
    conversations = rounds(600, 2_000)
    with ServerProcess("--log-format", "console") as server:
        unkept = harass(server.port, conversations, RATE)
        server.terminate()  # then the log is complete
        found = inspect_console(server.log_lines())
    tally.check(not unkept, f"{unkept[:3]}", rounds=conversations)
    tally.check(not found.faults, f"{found.faults[:10]}", rounds=found.lines)
