"""The system runs out of descriptors or threads; the server waits, logs it, and serves again."""

import re
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.faults.tally import Tally
from tests.kit.peer import Peer
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = pytest.mark.promise(5)

ATTEMPTS = 20  # to accept, at most, per second
SOON = 1.0  # seconds until it serves again
FIRST_THREADS = 6  # threads that start before any client's
CANNOT_ACCEPT = ("cannot accept, trying again", "cannot accept on the HTTP port, trying again")
CLIENTS = 20
INJECTED = re.compile(r"^(\d+) +(\d+\.\d+) .*\(INJECTED\)$", re.MULTILINE)


def failing(calls: str, error: str, spared: int, times: int, trace: Path) -> tuple[str, ...]:
    """Return a strace command: in each thread the call succeeds `spared` times, then fails `times`.

    strace does not slow down other calls.
    """
    when = f"{spared + 1}..{spared + times}"
    return (
        *("strace", "-f", "-ttt", "--seccomp-bpf", "-qq", "-o", str(trace)),
        *("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"),
    )


def failures_in(trace: Path) -> dict[int, list[float]]:
    """Return when the call failed in each thread: Unix seconds by thread id."""
    failures = defaultdict(list)
    for thread, moment in INJECTED.findall(trace.read_text(encoding="utf-8")):
        failures[int(thread)].append(float(moment))
    return failures


def busiest_second(moments: list[float]) -> int:
    return max((sum(start <= one < start + 1 for one in moments) for start in moments), default=0)


def accept_in_spite_of(failures: int, trace: Path) -> list[tuple[list[float], float]]:
    """Return when `accept` failed on each port while a client waited, and when it was served."""
    # Spared: the two pages that the start asks for, and the two clients.
    words = failing("accept4", "EMFILE", spared=2, times=failures, trace=trace)
    with (
        ServerProcess(under=words) as server,
        Peer(server.address) as honest,
        Peer(server.address) as another,
        ThreadPoolExecutor(1) as http,
    ):
        assert honest.is_greeted()
        assert another.is_greeted()
        assert not failures_in(trace)
        well = http.submit(lambda: server.is_well() and time.time())
        with Peer(server.address) as client:
            assert client.is_greeted()
            greeted = time.time()
        assert honest.is_answered()
        served = well.result()  # read the trace only after both clients were served
        failed = failures_in(trace)
        chat = failed.pop(server.pid, [])
        return [(chat, greeted), *((moments, served) for moments in failed.values())]


@pytest.mark.alone
def test_accept_fails_without_a_spin_and_recovers_within_a_second(
    rounds: Rounds, tally: Tally, tmp_path: Path
) -> None:
    failures = rounds(25, 100)
    servers = rounds(4, 10)  # at once: each tries only ten times a second
    traces = [tmp_path / str(number) for number in range(servers)]
    with ThreadPoolExecutor(servers) as starting:
        tried = starting.map(accept_in_spite_of, [failures] * servers, traces)
        ports = [port for both in tried for port in both]
    tally.check(len(ports) == 2 * servers, f"accept failed on {len(ports)} ports", rounds=0)
    busiest, longest = 0, 0.0
    for failed, served in ports:
        tally.check(len(failed) == failures, f"failed {len(failed)} times", rounds=len(failed))
        attempts, seconds = busiest_second(failed), served - failed[-1]
        tally.check(attempts <= ATTEMPTS, f"{attempts} attempts in a second")
        tally.check(seconds <= SOON, f"served after {seconds:.2f} s")
        busiest, longest = max(busiest, attempts), max(longest, seconds)
    tally.measure(attempts_a_second=f"{busiest} at most", back_after=f"{longest:.2f} s")


def test_a_client_without_a_thread_gets_busy_and_the_next_is_served(
    rounds: Rounds, tally: Tally, tmp_path: Path
) -> None:
    failures, trace = rounds(100, 500), tmp_path / "trace"
    words = failing("clone,clone3", "EAGAIN", FIRST_THREADS + 1, failures, trace)
    with ServerProcess(under=words) as server, Peer(server.address) as honest:
        assert honest.is_greeted()
        for _ in range(failures):
            with Peer(server.address) as client:
                told = client.line()
            tally.check(told.startswith("-ERR busy: "), f"told {told!r}")
        failed = failures_in(trace)[server.pid]
        with Peer(server.address) as client:
            tally.check(client.is_greeted(), "not greeted when it was over")
        seconds = time.time() - failed[-1]
        tally.check(seconds <= SOON, f"served after {seconds:.2f} s")
        tally.check(honest.is_answered(), "an honest client is not answered any more")
        tally.check(len(failed) == failures, f"failed {len(failed)} times")
        refused = server.snapshot()["refused"]["busy"]
        tally.check(refused == failures, f"{refused} refused")
        tally.check(server.is_well() and server.errors() == "", server.errors())
    tally.measure(back_after=f"{seconds:.3f} s")


@contextmanager
def no_more_descriptors(server: ServerProcess) -> Iterator[None]:
    """In the block, its own limit leaves the server no descriptor for another connection."""
    server.settled()  # else, what it is about to close would become free
    limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    taken = {int(descriptor.name) for descriptor in Path(f"/proc/{server.pid}/fd").iterdir()}
    free = min(set(range(len(taken) + 1)) - taken)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)


def test_clients_wait_for_descriptors_and_are_then_served(rounds: Rounds, tally: Tally) -> None:
    longest = 0.0
    with ServerProcess() as server, Peer(server.address) as honest, ThreadPoolExecutor(1) as http:
        assert honest.is_greeted()
        for _ in range(rounds(1, 5)):
            with ExitStack() as stack:
                with no_more_descriptors(server):
                    waiting = [stack.enter_context(Peer(server.address)) for _ in range(CLIENTS)]
                    well = http.submit(server.is_well)
                    time.sleep(1.5)  # not a wait: the shortage lasts this long
                    tally.check(honest.is_answered(), "an honest client is not answered")
                    tally.check(not well.done(), "it had a descriptor for the HTTP port")
                began = time.monotonic()
                greeted = sum(map(Peer.is_greeted, waiting))
                tally.check(well.result(), "it is not well")
                seconds = time.monotonic() - began
            tally.check(greeted == CLIENTS, f"{greeted} of {CLIENTS} greeted", rounds=CLIENTS)
            tally.check(seconds <= SOON, f"all were served after {seconds:.2f} s")
            wait_until(lambda: server.snapshot()["open"] == 1)
            longest = max(longest, seconds)
        for event in CANNOT_ACCEPT:
            failed = [datetime.fromisoformat(one["time"]) for one in server.events(event)]
            attempts = busiest_second([one.timestamp() for one in failed])
            tally.check(0 < attempts <= ATTEMPTS, f"{attempts} attempts in a second: {event}")
        tally.measure(back_after=f"{longest:.2f} s")
