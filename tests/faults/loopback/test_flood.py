"""More clients than places, all at once, again and again."""

import re
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.honest import honest_clients
from tests.faults.tally import Tally
from tests.kit.peer import Peer
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until

pytestmark = pytest.mark.promise(4)

PLACES = 256  # --max-clients by default
HONEST = 3
FLOODS = 2  # at the same time
AT_ONCE = 50  # connects in each flood before the first client reads
LEAVING = 2  # served clients that leave after each burst
FATES = {"served": r"\+OK \S+: ready\r\n", "busy": r"-ERR busy: .*\r\n"}


def flood(address: str, connects: int) -> Counter[str]:
    """Count the answers to N clients; those that are served leave a few at a time.

    Every other client sends before it is greeted, so something is unread if it is refused.
    """
    told: Counter[str] = Counter()
    held: deque[Peer] = deque()
    for _ in range(connects // AT_ONCE):
        burst = []
        for number in range(AT_ONCE):
            burst.append(peer := Peer(address))
            if number % 2:
                peer.send(b"Hey Server!!!\n")
        for peer in burst:
            fate = fate_of(peer)
            told[fate] += 1
            if fate == "served":
                held.append(peer)
            else:
                peer.close()
        for _ in range(min(LEAVING, len(held))):
            held.popleft().close()
    for peer in held:
        peer.close()
    return told


def fate_of(peer: Peer) -> str:
    """Return what the first line means: "served", "busy", or what went wrong."""
    try:
        line = peer.line()
    except OSError as error:
        return repr(error)
    return next((fate for fate, words in FATES.items() if re.fullmatch(words, line)), repr(line))


def test_each_connection_of_a_flood_is_served_or_gets_busy(rounds: Rounds, tally: Tally) -> None:
    connects = rounds(4_000, 20_000)
    with ServerProcess() as server:
        baseline = server.settled()
        with honest_clients(server.port, HONEST) as honest, ThreadPoolExecutor(FLOODS) as floods:
            shares = [connects // FLOODS] * FLOODS
            told = sum(floods.map(flood, [server.address] * FLOODS, shares), Counter[str]())
        service = honest.result()
        took = wait_until(lambda: (server.descriptors(), server.threads()) == baseline)
        snapshot = server.snapshot()

    fair = told["served"] + told["busy"]
    tally.check(fair == connects, f"of {connects} connects: {dict(told)}", rounds=connects)
    counted = snapshot["accepted"] - HONEST, snapshot["refused"]["busy"]
    tally.check(counted == (told["served"], told["busy"]), f"the server has counted {counted}")
    tally.check(snapshot["peak_serving"] == PLACES, f"{snapshot['peak_serving']} places taken")
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.check(took <= 15, f"back at the baseline after {took:.1f} s")
    tally.measure(
        served=f"{told['served']:,}", busy=f"{told['busy']:,}", baseline_after=f"{took:.1f} s"
    )
