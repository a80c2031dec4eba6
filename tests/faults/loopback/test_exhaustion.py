"""The system runs out of descriptors or threads; the server waits, says so, and serves again."""

import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.faults.injection import Injection, busiest_second
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(5), pytest.mark.alone]

ATTEMPTS = 20  # to accept, a second: the most
SOON = 1.0  # seconds until it serves again
FIRST_THREADS = 8  # that the main thread starts before any client's
CANNOT_ACCEPT = ("cannot accept, trying again", "cannot accept on the HTTP port, trying again")
CLIENTS = 20


def first_line(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as lines:
        return lines.readline()


def is_answered(connection: socket.socket) -> bool:
    connection.sendall(b"are you there?\n")
    return first_line(connection).startswith(b"+OK ")


def accept_in_spite_of(failures: int) -> list[tuple[list[float], float]]:
    """One server whose `accept` fails so often, on both ports, while somebody is waiting there.

    For each port: when it failed, and when it served again, in Unix seconds.
    """
    with (
        Injection("accept4", "EMFILE", spared=2, times=failures) as injection,
        ServerProcess(under=injection.words) as server,  # its start has asked for two pages
        server.connect() as honest,
        server.connect() as another,
        ThreadPoolExecutor(1) as http,
    ):
        assert first_line(honest).startswith(b"+OK ")
        assert first_line(another).startswith(b"+OK ")
        assert not injection.failures()

        def well_at() -> float:
            assert server.is_well()
            return time.time()

        well = http.submit(well_at)
        with server.connect() as client:
            assert first_line(client).startswith(b"+OK ")
            greeted = time.time()
        chat = injection.failures()[server.pid]
        assert is_answered(honest)
        well_again = well.result()
        [status] = [times for thread, times in injection.failures().items() if thread != server.pid]
        return [(chat, greeted), (status, well_again)]


def test_accept_may_fail_without_a_spin_and_serves_within_a_second_after(
    rounds: Rounds, tally: Tally
) -> None:
    failures = rounds(25, 100)
    servers = rounds(4, 10)  # at once: each tries but ten times a second
    with ThreadPoolExecutor(servers) as starting:
        ports = [*starting.map(accept_in_spite_of, [failures] * servers)]
    busiest, longest = 0, 0.0
    for failed, served in [port for both in ports for port in both]:
        tally.check(len(failed) == failures, f"failed {len(failed)} times", rounds=len(failed))
        attempts, seconds = busiest_second(failed), served - failed[-1]
        tally.check(attempts <= ATTEMPTS, f"{attempts} attempts in a second")
        tally.check(seconds <= SOON, f"served after {seconds:.2f} s")
        busiest, longest = max(busiest, attempts), max(longest, seconds)
    tally.measure(attempts_a_second=f"{busiest} at most", back_after=f"{longest:.2f} s")


def test_who_gets_no_thread_is_told_busy_and_the_next_is_served(
    rounds: Rounds, tally: Tally
) -> None:
    failures = rounds(100, 500)
    with (
        Injection("clone,clone3", "EAGAIN", spared=FIRST_THREADS + 1, times=failures) as injection,
        ServerProcess(under=injection.words) as server,
        server.connect() as honest,
    ):
        assert first_line(honest).startswith(b"+OK ")
        for _ in range(failures):
            with server.connect() as client:
                told = first_line(client)
            tally.check(told.startswith(b"-ERR busy: "), f"told {told!r}")
        ended = injection.failures()[server.pid][-1]
        with server.connect() as client:
            told = first_line(client)
        seconds = time.time() - ended
        tally.check(told.startswith(b"+OK "), f"told {told!r} when it was over")
        tally.check(seconds <= SOON, f"served after {seconds:.2f} s")
        tally.check(is_answered(honest), "an honest client is not answered any more")
        failed = len(injection.failures()[server.pid])
        tally.check(failed == failures, f"failed {failed} times")
        refused = server.snapshot()["refused"]["busy"]
        tally.check(refused == failures, f"{refused} refused")
        tally.check(server.is_well() and server.errors() == "", server.errors())
    tally.measure(back_after=f"{seconds:.3f} s")


@contextmanager
def no_more_descriptors(server: ServerProcess) -> Iterator[None]:
    """Meanwhile it has none for another connection, by its own limit."""
    server.settled()  # what it is about to close would be free once more
    limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    taken = {int(descriptor.name) for descriptor in Path(f"/proc/{server.pid}/fd").iterdir()}
    free = min(set(range(len(taken) + 1)) - taken)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)


def test_without_descriptors_clients_wait_and_are_served_when_there_are(
    rounds: Rounds, tally: Tally
) -> None:
    longest = 0.0
    with (
        ServerProcess() as server,
        server.connect() as honest,
        ThreadPoolExecutor(1) as http,
    ):
        assert first_line(honest).startswith(b"+OK ")
        for _ in range(rounds(1, 5)):
            with ExitStack() as stack:
                with no_more_descriptors(server):
                    waiting = [stack.enter_context(server.connect()) for _ in range(CLIENTS)]
                    well = http.submit(server.is_well)
                    time.sleep(1.5)  # not a wait for something: so long it lasts
                    tally.check(is_answered(honest), "an honest client is not answered")
                    tally.check(not well.done(), "it had a descriptor for the HTTP port")
                began = time.monotonic()
                told = [first_line(client) for client in waiting]
                tally.check(well.result(), "it is not well")
                seconds = time.monotonic() - began
            greeted = sum(line.startswith(b"+OK ") for line in told)
            tally.check(greeted == CLIENTS, f"{greeted} of {CLIENTS} greeted", rounds=CLIENTS)
            tally.check(seconds <= SOON, f"all were served after {seconds:.2f} s")
            wait_until(lambda: server.snapshot()["open"] == 1)
            longest = max(longest, seconds)
        for event in CANNOT_ACCEPT:
            failed = [datetime.fromisoformat(one["time"]) for one in server.events(event)]
            attempts = busiest_second([one.timestamp() for one in failed])
            tally.check(0 < attempts <= ATTEMPTS, f"{attempts} attempts in a second: {event}")
        tally.measure(back_after=f"{longest:.2f} s")
