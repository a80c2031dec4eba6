"""Clients that vanish without a word: the server is to find out by itself.

They are cut off at their own end: of a packet that the server's own firewall drops, its TCP would
be told.
"""

import time
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from tests.faults.firewall import Firewall
from tests.faults.ledger import script
from tests.faults.site import Site, open_site, wait
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds

FREED = 65.0  # seconds within which the server is to free what is dead
IDLE = 30  # seconds without a packet, after which the kernel asks whether the client is there
TICKS = 100  # a second, in /proc/net/tcp
SILENT = "{0} 1\n#pause 600\n{0} 2\n"


def dead_connections(tally: Tally, rounds: Rounds) -> None:
    """In full each is awaited; in short, the kernel says that it will ask in time."""
    with open_site(1) as site:
        if rounds(0, 1):
            with ExitStack() as stack:
                check_freed(site, tally, vanish(site, stack))
        else:
            wait(lambda: 0 < keepalive(site) <= IDLE)
            tally.check(True)
            tally.measure(asks_after=f"{IDLE} s at most")
        site.finish(tally)


def check_freed(site: Site, tally: Tally, dead: dict[str, float]) -> None:
    """Check of each dead connection that the server says it is lost, and in time.

    They are told by the client's end, and since when they are dead: in Unix seconds.
    """

    def ends() -> dict[str, dict[str, Any]]:
        return {event["peer"]: event for event in site.server.events("bye")}

    wait(lambda: ends().keys() >= dead.keys(), 2 * FREED)
    slowest = 0.0
    for peer, since in dead.items():
        end = ends()[peer]
        seconds = datetime.fromisoformat(end["time"]).timestamp() - since
        slowest = max(slowest, seconds)
        kept = end["end"] == "lost" and seconds <= FREED
        tally.check(kept, f"{peer} was freed after {seconds:.1f} s as {end['end']}")
    tally.measure(freed_within=f"{slowest:.1f} s")


def check_none_left(site: Site, tally: Tally) -> None:
    """Check that the server has ended all connections of clients that have ended, in time."""
    seconds = wait(lambda: not site.open_connections(), FREED)
    tally.check(seconds <= FREED)


def vanish(site: Site, stack: ExitStack) -> dict[str, float]:
    """Cut three clients off for good: by their end's address, when that was, in Unix seconds."""
    idle = site.start_client(SILENT.format("idle"))
    unplugged = site.start_client(SILENT.format("unplugged"))
    talking = site.start_client(script("talking", 1000, 0.5))
    wait(lambda: all(client.events("reply") for client in (idle, unplugged, talking)))
    dead = {}

    peer = site.peer_of(unplugged)
    site.network.disconnect(unplugged.get_wrapped_container())
    dead[peer] = time.time()

    firewall = stack.enter_context(Firewall(idle.get_wrapped_container()))
    firewall.drop("INPUT", "OUTPUT")
    dead[site.peer_of(idle)] = time.time()

    # One message more gets out, and its reply is never acknowledged.
    firewall = stack.enter_context(Firewall(talking.get_wrapped_container()))
    peer = site.peer_of(talking)
    firewall.drop("INPUT")
    dead[peer] = time.time()
    answered = len(talking.events("reply"))
    wait(lambda: site.received_from(peer) > answered)
    firewall.drop("OUTPUT")
    return dead


def keepalive(site: Site) -> float:
    """The most seconds that may pass until the kernel asks a silent client; 0 if it never does."""
    _, table = site.container.exec_run(["cat", "/proc/net/tcp"])  # proc_net_tcp(5)
    rows = [line.split() for line in table.decode().splitlines()[1:]]
    timers = [row[5] for row in rows if row[1].endswith(":07E6") and row[3] == "01"]
    due = [timer.partition(":") for timer in timers]
    if not due or any(kind != "02" for kind, _, _ in due):
        return 0
    return max(int(ticks, 16) for _, _, ticks in due) / TICKS
