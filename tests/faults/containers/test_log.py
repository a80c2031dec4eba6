"""The reader of the container's log stops reading; the clients notice nothing.

The engine hands output to its attached readers before it takes more. So once some megabytes are on
their way to it, a reader that does not read makes the server's own writes stall.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from docker.models.containers import Container

from tests.faults.honest import honest_clients
from tests.faults.inspection import MISSING
from tests.faults.tally import Tally
from tests.kit.http_get import get
from tests.kit.images import PORT, STATUS_PORT, Server
from tests.kit.peer import Peer
from tests.kit.rounds import Rounds
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(11), pytest.mark.alone]

CLIENTS = 4
CONNECTED = 3  # lines of a connection, apart from its messages: connected, new connection, bye
BEFORE = 2  # lines before the first client: bound, listening
LONG = 8_000 * "x"
MOST = 20_000  # messages: ten times what filled every buffer on the way
FATES = re.compile(r'lanes_log_records_total\{fate="(\w+)"\} (\S+)')


@contextmanager
def stalled(container: Container) -> Iterator[None]:
    """In the block, attach a reader to the container's output, and read nothing from it."""
    words = ["docker", "attach", "--no-stdin", "--sig-proxy=false", str(container.id)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as attached:
        try:
            yield
        finally:
            attached.kill()


def fates(server: Server) -> dict[str, int]:
    """Return how many records the log has written and dropped, by its own count."""
    page = get(server.get_exposed_port(STATUS_PORT), "/metrics").body.decode()
    return {fate: int(float(count)) for fate, count in FATES.findall(page)}


def say_long_ones(server: Server) -> int:
    """Talk until the log begins to drop records; return how many messages that took."""
    with Peer(server.chat) as peer:
        peer.line()
        for said in range(MOST):
            if said % 50 == 0 and fates(server)["dropped"]:
                return said
            assert peer.say(LONG).startswith("+OK ")
    raise AssertionError("its log was not seen to stall")


def test_while_nobody_reads_the_log_clients_are_answered_and_every_line_is_counted(
    rounds: Rounds, tally: Tally, start_server: Callable[..., Server]
) -> None:
    server = start_server()
    with stalled(server.get_wrapped_container()):
        said = say_long_ones(server)
        written = fates(server)["written"]
        with honest_clients(server.get_exposed_port(PORT), CLIENTS) as honest:
            time.sleep(rounds(5, 30))  # not a wait: for this long, nothing reads the log
        service = honest.result()
        wait_until(lambda: server.snapshot()["open"] == 0)
        tally.check(not service.errors, str(service.errors), rounds=service.answered)
        tally.check(service.p99 < 0.05, f"p99 of {1000 * service.p99:.1f} ms")
        tally.check(fates(server)["written"] == written, "its log did not stall all the time")

    emitted = BEFORE + said + service.answered + CONNECTED * (1 + CLIENTS)
    wait_until(lambda: sum(fates(server).values()) == emitted)
    counted = fates(server)
    tally.check(counted["dropped"] > service.answered / 2, f"{counted['dropped']} dropped")

    # The engine gets the last lines a moment later.
    wait_until(lambda: server.output().count("\n") >= counted["written"])
    lines = server.output().splitlines()
    missing = [int(found[1]) for line in lines if (found := MISSING.search(line))]
    tally.check(len(lines) - len(missing) == counted["written"], "not all written lines arrive")
    tally.check(sum(missing) == counted["dropped"], f"{sum(missing)} of {counted} are admitted")
    dropped = f"{counted['dropped']:,} of {emitted:,} lines"
    tally.measure(p99=f"{1000 * service.p99:.1f} ms", dropped=dropped)
