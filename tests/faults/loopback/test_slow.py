"""Clients that hold a place and do not do their part, beside clients that do.

`drip` begins a line and adds a byte a second, `deaf` asks for much and never reads, `silent` sends
nothing.
"""

import ssl
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.faults.forge import Call, beside
from tests.faults.health import slowest_answer
from tests.faults.honest import honest_clients
from tests.faults.tally import Tally
from tests.kit.certificates import Authority, Pair, trusting
from tests.kit.http_get import LOOPBACK
from tests.kit.peer import deaf
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess

pytestmark = pytest.mark.promise(3)

TIMEOUT = 5  # seconds: for a message to begin, a line to end, a client to take a reply
HONEST = 3
OPTIONS = [
    *("--max-clients", "1024", "--idle-timeout", str(TIMEOUT)),
    *("--line-timeout", str(TIMEOUT), "--send-timeout", str(TIMEOUT)),
    # The deaf clients' million messages would take seconds to log before they are answered.
    *("--log-level", "warning"),
]
END = {"drip": "slow", "deaf": "unread", "silent": "idle"}  # how the server should record each
# The replies to these empty lines, 80 bytes each, are more than both ends' kernels hold.
FIRST_WORDS = {"drip": b"x", "deaf": 4000 * b"\n", "silent": b""}


def be_slow(call: Call, port: int, of_each: int, *tls: Any) -> dict[str, str]:  # noqa: ANN401
    """Keep N clients of each kind until the call is over; return their kinds by address."""
    kinds, dripping = {}, []
    context = trusting(*tls) if tls else None
    call.ready.set()
    with ExitStack() as stack:
        for kind in of_each * [*END]:
            client = deaf((LOOPBACK, port))
            if context:
                client = context.wrap_socket(client, server_hostname="localhost")
            stack.enter_context(client)
            client.recv(100)
            client.sendall(FIRST_WORDS[kind])
            kinds["{}:{}".format(*client.getsockname())] = kind
            if kind == "drip":
                dripping.append(client)
        while not call.over.wait(1.0):
            for client in dripping:
                with suppress(ConnectionError, ssl.SSLError):  # the server has closed it
                    client.send(b"x")
    return kinds


@pytest.mark.alone
def test_slow_and_deaf_clients_are_shown_out_in_time_and_harm_nobody(
    rounds: Rounds, tally: Tally
) -> None:
    with ServerProcess(*OPTIONS) as server:
        see_them_out(server, rounds(64, 256), tally)


@pytest.mark.alone
def test_over_tls_slow_and_deaf_clients_are_shown_out_in_time_after_their_handshake(
    rounds: Rounds, tally: Tally, ca: Authority
) -> None:
    with ServerProcess(*OPTIONS, *ca.served("localhost")) as server:
        see_them_out(server, rounds(32, 128), tally, ca.certificate, ca.issue("client"))


def see_them_out(server: ServerProcess, of_each: int, tally: Tally, *tls: Path | Pair) -> None:
    everybody = of_each * len(END) + HONEST

    def are_out() -> bool:
        now = server.snapshot()
        return bool(now["accepted"] >= everybody and now["open"] <= HONEST)

    with (
        honest_clients(server.port, HONEST, *tls) as honest,
        beside(be_slow, server.port, of_each, *tls) as slow,
    ):
        slowest = slowest_answer(server, tally, are_out)
        snapshot = server.snapshot()

    kinds, service = slow.result(), honest.result()
    at_once = snapshot["peak_serving"]
    tally.check(at_once == everybody, f"{at_once} of {everybody} were there at once")
    tally.check(len(kinds) == of_each * len(END), f"{len(kinds)} of them")
    records = {record["peer"]: record for record in snapshot["sessions"]}
    longest = dict.fromkeys(END, 0.0)
    for peer, kind in kinds.items():
        end = records[peer]["end"]
        seconds = records[peer]["closed_at"] - records[peer]["served_at"]
        longest[kind] = max(longest[kind], seconds)
        in_time = end == END[kind] and seconds <= TIMEOUT + 2
        tally.check(in_time, f"{kind}: {end} after {seconds:.1f} s")
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.check(slowest <= 0.5, f"/healthz took {slowest:.3f} s")
    tally.measure(
        worst_healthz=f"{1000 * slowest:.0f} ms",
        **{kind: f"gone after {seconds:.1f} s" for kind, seconds in longest.items()},
    )
