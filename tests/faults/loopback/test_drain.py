"""A server that gets a stop signal answers what it has received, and ends in time."""

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.faults.crowd import Crowd
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = pytest.mark.promise(7)

AT_ONCE = 2  # servers
LATEST = 500  # milliseconds after its start at which it gets the signal
GRACE = 1.0  # seconds
LEEWAY = 1.0  # seconds that a drain may take beyond the grace
MISSING = "log lines are missing"  # in the log in their place, or on standard error at the end


def stop(seconds: float | None) -> tuple[int, bool, str]:
    """Stop a server after a time, or once it listens; return its code, if it listened, errors."""
    with ExitStack() as stack:
        server = ServerProcess()
        stack.push(server)  # not entered: that would wait until it is healthy
        server.start(wait=False)
        if seconds is None:
            wait_until(lambda: server.events("listening"))
        else:
            time.sleep(seconds)  # not a wait: this is the moment under test
        return server.terminate(), bool(server.events("listening")), server.errors()


def test_a_stop_during_the_start_ends_it_without_complaint(rounds: Rounds, tally: Tally) -> None:
    """It exits with 0; before it listens, the signal may end it like any other process."""
    steps = range(0, LATEST + 1, rounds(50, 10))
    moments = [*(step / 1000 for step in steps), *[None] * rounds(2, 10)]
    codes: Counter[int] = Counter()
    with ThreadPoolExecutor(AT_ONCE) as starting:
        for code, listened, errors in starting.map(stop, moments):
            codes[code] += 1
            as_promised = code == 0 or (code == -signal.SIGTERM and not listened)
            tally.check(as_promised and not errors, f"code {code}, {listened=}: {errors}")
    tally.measure(ended_with_0=str(codes[0]), ended_with_143=str(codes[-signal.SIGTERM]))


def drain_under_a_crowd(tally: Tally) -> tuple[float, int]:
    """Count what goes wrong; return the seconds that it takes and the messages received."""
    with ServerProcess("--grace", str(GRACE)) as server:
        crowd = Crowd(server.port)
        wait_until(lambda: all(client.replies for client in crowd.members if client.reads))
        began = time.monotonic()
        code = server.terminate()
        seconds = time.monotonic() - began
        clients = crowd.end()
        log, errors = server.log(), server.errors()

    # Standard error may have other words: on a busy machine, the log's last lines may be missing.
    faults = [event for event in log if event["level"] == "error"]
    as_promised = code == 0 and not faults and "Traceback" not in errors
    tally.check(as_promised, f"code {code}: {faults} {errors}")
    in_time = GRACE <= seconds <= GRACE + LEEWAY  # the deaf clients use up the grace
    tally.check(in_time, f"ended after {seconds:.2f} s", rounds=0)
    # A session's own count at its end is enough, even if the messages' lines are missing.
    received = Counter(one["peer"] for one in log if one["event"] == "received from the client")
    received |= Counter({one["peer"]: one["messages"] for one in log if one["event"] == "bye"})
    is_whole = MISSING not in errors and not any(MISSING in one["event"] for one in log)
    for client in clients:
        logged = client.peer in received or not is_whole
        tally.check(logged, f"nothing in the log of {client}", rounds=0)
        messages = received[client.peer]
        answered = client.replies >= messages and client.was_told
        tally.check(answered or not client.reads, f"{messages} of {client}", rounds=0)
    return seconds, received.total()


@pytest.mark.alone
def test_a_drain_answers_what_100_mixed_clients_sent_within_its_grace(
    rounds: Rounds, tally: Tally
) -> None:
    """Each message in the log gets a reply; then comes `-ERR closing` or a clean end.

    Clients that never read get no answer: a reset is the only way to end them.
    """
    with ThreadPoolExecutor(AT_ONCE) as starting:
        drains = [*starting.map(drain_under_a_crowd, [tally] * rounds(2, 50))]
    longest = max(seconds for seconds, _ in drains)
    received = sum(messages for _, messages in drains)
    tally.check(received > 0, "nobody was answered", rounds=0)
    tally.measure(longest=f"{longest:.2f} s with a grace of {GRACE} s", messages=f"{received:,}")
