"""A server that is told to stop: what it has received is answered, and it ends in time."""

import re
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.faults.crowd import KINDS, Behaviour, Crowd, Member
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(7), pytest.mark.alone]

AT_ONCE = 2  # servers
LATEST = 500  # milliseconds after its start at which it is told to stop
GRACE = 1.0  # seconds
LEEWAY = 1.0  # seconds that a drain may take beyond the grace
RECEIVED = b'"received from the client"'
MISSING = "log lines are missing"  # in the log where, on standard error at the end
PEER = re.compile(rb'"peer": "([^"]+)"')


def stop(when: Callable[[ServerProcess], object]) -> tuple[int, bool, str]:
    """Start a server and tell it to stop: its exit code, whether it listened, its complaints."""
    with ExitStack() as stack:
        server = ServerProcess()
        stack.push(server)  # not entered: that would wait until it is well
        server.start(wait=False)
        when(server)
        code = server.terminate()
        return code, bool(server.events("listening")), server.errors()


def after(milliseconds: int) -> Callable[[ServerProcess], object]:
    return lambda _: time.sleep(
        milliseconds / 1000
    )  # not a wait for something: it is what is tried


def once_it_listens(server: ServerProcess) -> None:
    wait_until(lambda: server.events("listening"))


def test_told_to_stop_while_it_starts_it_ends_without_a_complaint(
    rounds: Rounds, tally: Tally
) -> None:
    """With 0; as long as it does not listen yet, the signal may end it like any other process."""
    moments = [after(step) for step in range(0, LATEST + 1, rounds(50, 10))]
    moments += [once_it_listens] * rounds(2, 10)
    codes: Counter[int] = Counter()
    with ThreadPoolExecutor(AT_ONCE) as starting:
        for code, listened, errors in starting.map(stop, moments):
            codes[code] += 1
            as_promised = code == 0 or (code == -signal.SIGTERM and not listened)
            tally.check(as_promised and not errors, f"code {code}, {listened=}: {errors}")
    tally.measure(ended_with_0=str(codes[0]), ended_with_143=str(codes[-signal.SIGTERM]))


@dataclass
class Drain:
    """What became of a server that was told to stop, and of its clients."""

    seconds: float
    timetable: str  # seconds from the signal to what it has logged then
    code: int
    faults: str
    clients: list[Member]
    received: dict[str, int]  # messages of each peer, by the log
    logged: bool  # whether no line of the log is missing


def drain_under_a_crowd(kinds: dict[Behaviour, int]) -> Drain:
    with ServerProcess("--grace", str(GRACE)) as server:
        crowd = Crowd(server.port, kinds)
        wait_until(lambda: all(client.replies for client in crowd.members if client.reads))
        told, began = time.time(), time.monotonic()
        code = server.terminate()
        seconds = time.monotonic() - began
        timetable = ", ".join(
            f"{name} {datetime.fromisoformat(event['time']).timestamp() - told:.2f}"
            for name in ("draining", "stopped")
            for event in server.events(name)
        )
        clients = crowd.end()
        lines = [*server.log_lines()]
        received: dict[str, int] = Counter(
            found[1].decode() for line in lines if RECEIVED in line and (found := PEER.search(line))
        )
        # What a session says that it has received, when it ends, needs no other line to be there.
        received |= {bye["peer"]: bye["messages"] for bye in server.events("bye")}
        # Not every word on standard error: a busy machine's log may end with some lines missing.
        faults = [line.decode() for line in lines if b'"level": "error"' in line]
        if "Traceback" in (errors := server.errors()):
            faults.append(errors)
        logged = MISSING not in errors and not any(MISSING.encode() in line for line in lines)
        return Drain(seconds, timetable, code, "".join(faults), clients, received, logged)


def test_a_drain_answers_100_mixed_clients_what_it_has_received_in_time(
    rounds: Rounds, tally: Tally
) -> None:
    """Those who never read have no answer: they are reset, the only way to end them.

    All the others read a reply for each message that the log calls received, and then either
    `-ERR closing` or a clean end.
    """
    received, longest = 0, 0.0
    with ThreadPoolExecutor(AT_ONCE) as starting:
        for drain in starting.map(drain_under_a_crowd, [KINDS] * rounds(2, 50)):
            tally.check(drain.code == 0 and not drain.faults, f"code {drain.code}: {drain.faults}")
            in_time = GRACE <= drain.seconds <= GRACE + LEEWAY  # the deaf take all of it
            tally.check(in_time, f"ended after {drain.seconds:.2f} s: {drain.timetable}", rounds=0)
            for client in drain.clients:
                told = client.peer in drain.received or not drain.logged
                tally.check(told, f"nothing in the log of {client}", rounds=0)
                messages = drain.received.get(client.peer, 0)
                received += messages
                answered = client.replies >= messages and client.was_told
                tally.check(answered or not client.reads, f"{messages} of {client}", rounds=0)
            longest = max(longest, drain.seconds)
    tally.check(received > 0, "nobody was answered", rounds=0)
    tally.measure(longest=f"{longest:.2f} s with a grace of {GRACE} s", messages=f"{received:,}")
