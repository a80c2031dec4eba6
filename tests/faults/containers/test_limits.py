"""The container allows no more threads or memory; the server serves the clients that it can."""

import re
import time
from collections import Counter
from contextlib import ExitStack

import pytest
from testcontainers.core.network import Network

from tests.faults.tally import Tally
from tests.kit.confinement import LIMITS, MEBIBYTE
from tests.kit.images import PORT, Server
from tests.kit.peer import Peer, deaf
from tests.kit.rounds import Rounds
from tests.kit.waiting import wait_until

pytestmark = pytest.mark.promise(5)

CLIENTS = 60  # more than the threads that the limit leaves
MEMORY, _ = LIMITS["server"]
DEAF = 255  # clients, which leave one place free
QUESTIONS = 4 * 8192 * b"\n"  # the replies to a quarter of them are 650 KB
BUSY, GREETED = "-ERR busy", "+OK"


def first_words(line: str) -> str:
    return next((words for words in (BUSY, GREETED) if line.startswith(words)), repr(line))


def flood(server: Server, tally: Tally) -> Counter[str]:
    with ExitStack() as stack:  # all are connected at once
        clients = [stack.enter_context(Peer(server.chat)) for _ in range(CLIENTS)]
        told = {client: first_words(client.line()) for client in clients}
        counts = Counter(told.values())
        tally.check(set(counts) == {BUSY, GREETED}, f"told {counts}", rounds=CLIENTS)
        greeted = [client for client, words in told.items() if words == GREETED]
        answered = sum(map(Peer.is_answered, greeted))
        tally.check(answered == len(greeted), f"{answered} of {len(greeted)} answered")
        # Not Docker's health check, which would need a process.
        tally.check(bool(server.snapshot()["pid"]), "its HTTP port does not answer")
    began = time.monotonic()
    wait_until(lambda: server.snapshot()["open"] == 0)
    with Peer(server.chat) as client:
        words, seconds = first_words(client.line()), time.monotonic() - began
    tally.check(words == GREETED and seconds <= 1, f"{words} after {seconds:.2f} s")
    return counts


def test_with_at_most_40_pids_some_clients_get_threads_and_the_others_busy(
    network: Network, rounds: Rounds, tally: Tally
) -> None:
    with Server(network, [], pids_limit=40) as server:
        pid = server.snapshot()["pid"]
        counts = sum((flood(server, tally) for _ in range(rounds(1, 10))), Counter[str]())
        tally.check(server.snapshot()["pid"] == pid, "it is another process")
        tally.check(server.terminate() == 0, "it did not drain")
        tally.check("Traceback" not in server.output(), server.output()[-1000:])
    tally.measure(greeted=str(counts[GREETED]), told_busy=str(counts[BUSY]))


def test_deaf_clients_in_every_place_take_less_than_half_of_256_mib(
    network: Network, tally: Tally
) -> None:
    # To log a million messages would take half a minute and 8 MiB.
    words = ["--log-level", "warning", "--send-timeout", "3"]
    with Server(network, words, mem_limit=MEMORY) as server, ExitStack() as stack:
        address = server.own_address(), PORT
        for _ in range(DEAF):
            stack.enter_context(deaf(address, QUESTIONS))
        with Peer(server.chat) as client:
            served = client.is_greeted() and client.is_answered()
            tally.check(served, "nobody is answered")
        wait_until(lambda: server.snapshot()["open"] == 0)
        ends = Counter(session["end"] for session in server.sessions())
        tally.check(ends == {"unread": DEAF, "bye": 1}, f"their ends: {ends}", rounds=DEAF)
        status = server.exec(["cat", f"/proc/{server.snapshot()['pid']}/status"]).output.decode()
        [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)  # the peak: proc(5)
        peak = 1024 * int(kilobytes)
        tally.check(server.terminate() == 0, "it did not drain")
        tally.check(peak < MEMORY / 2, f"it took {peak:,} bytes")
        tally.measure(most=f"{peak / MEBIBYTE:.0f} MiB")
