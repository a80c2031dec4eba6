"""Hostile clients beside honest ones."""

import time

import pytest

from tests.faults.honest import HonestClients, Service, quiet_service
from tests.faults.hostile import harass
from tests.faults.inspection import inspect_console, inspect_json
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(2), pytest.mark.alone]

RATE = 1000.0  # conversations a second: more, and what is measured is the two cores
WARM_UP = 4_000  # conversations: then the history, 1,000 sessions, is full
HONEST = 3
SLICE = 20  # milliseconds: what one turn of somebody else's on a core may cost a few messages
MEBIBYTE = 1024 * 1024


def test_hostile_conversations_harm_nobody_else(rounds: Rounds, tally: Tally) -> None:
    turns = rounds(4, 5)
    conversations = rounds(8_000, 100_000) // turns
    with ServerProcess() as server:
        with HonestClients(server.port, HONEST) as honest:
            havoc = harass(server.port, WARM_UP, 10 * RATE)  # as fast as they can: the most at once
            warm = honest.finish()
        tally.check(not havoc.unkept, f"hostile clients: {havoc.unkept[:3]}", rounds=WARM_UP)
        tally.check(not warm.errors, f"honest clients: {warm.errors}", rounds=warm.answered)
        memory = server.resident()
        quiet, beside = Service(0, [], []), Service(0, [], [])
        seconds = 0.0
        # In turns: who else has the machine's cores then has a part in both.
        for _ in range(turns):
            quiet += quiet_service(server.port, 1.0, HONEST)
            with HonestClients(server.port, HONEST) as honest:
                began = time.monotonic()
                turn = harass(server.port, conversations, RATE)
                seconds += time.monotonic() - began
                beside += honest.finish()
            told = f"hostile clients: {turn.unkept[:3]}"
            tally.check(not turn.unkept, told, rounds=turn.conversations.total())
            havoc += turn
        wait_until(lambda: server.snapshot()["open"] == 0, pause=0.1)
        growth = server.resident() - memory
        accepted = server.snapshot()["accepted"]
        ended = server.metrics("lanes_sessions_ended_total")
        server.terminate()  # then all of the log is there
        found = inspect_json(server.log_lines())
        errors = server.errors()

    expected = WARM_UP + turns * conversations + HONEST * (1 + 2 * turns)
    tally.check(accepted == expected, f"{accepted:,} sessions of {expected:,} clients")
    tally.check(ended["failed"] == 0, f"the sessions' ends: {ended}")
    tally.check(not found.faulty, f"{found.faulty} in the log: {found.faults}", rounds=found.lines)
    tally.check(not errors, f"on standard error: {errors}")
    tally.check(not beside.errors, f"honest clients: {beside.errors}", rounds=beside.answered)
    bound = max(5 * quiet.p99, rounds(SLICE, 0) / 1000)
    tally.check(beside.p99 <= bound, f"p99 {beside.p99:.4f} s, quiet {quiet.p99:.4f} s")
    tally.check(growth <= 2 * MEBIBYTE, f"memory grew by {growth:,} bytes")
    tally.measure(
        conversations_a_second=f"{turns * conversations / seconds:.0f}",
        p99=f"{1000 * beside.p99:.1f} ms",
        quiet_p99=f"{1000 * quiet.p99:.1f} ms",
        memory_growth=f"{growth / MEBIBYTE:+.2f} MiB",
        taken_of_100_MB=f"{havoc.most_taken / 1e6:.1f} MB",
        log_lines_dropped=f"{found.missing:,} of {found.lines + found.missing:,}",
    )


def test_no_hostile_text_commands_the_terminal_or_forges_a_line(
    rounds: Rounds, tally: Tally
) -> None:
    conversations = rounds(600, 2_000)
    with ServerProcess("--log-format", "console") as server:
        havoc = harass(server.port, conversations, RATE)
        server.terminate()  # then all of the log is there
        found = inspect_console(server.log_lines())
    tally.check(not havoc.unkept, f"{havoc.unkept[:3]}", rounds=havoc.conversations.total())
    tally.check(not found.faulty, f"{found.faulty} lines: {found.faults}", rounds=found.lines)
