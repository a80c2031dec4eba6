"""The server is killed, the network is cut in every way; afterwards, all clients continue."""

import os
import random
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest
from docker.errors import APIError

from tests.faults.ledger import script
from tests.faults.site import POLL, Firewall, Site, open_site
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds
from tests.kit.waiting import wait_until

pytestmark = [pytest.mark.promise(8), pytest.mark.usefixtures("engine")]

MOST = 40  # messages that a server may see before it is killed
BEYOND = 6  # seconds: longer than a client waits for a reply
LONG = 4  # the number, in every five disconnections, of the one that lasts BEYOND seconds
# Reserved for network benchmarks (RFC 2544), so unused; tests that run at once have one each.
SUBNETS = [f"198.{second}.{os.getpid() % 256}" for second in (18, 19)]
IDLE = 30  # seconds without a packet, after which the kernel asks whether the client is still there
SILENT = "{0} 1\n#pause 600\n{0} 2\n"


def cut_often(site: Site, times: int, cut: Callable[[int], object]) -> None:
    """Cut the site N times, each time until every client has been answered again."""
    seconds = []
    for number in range(times):
        cut(number)
        seconds.append(site.heal())
        site.check_all_run()
    site.tally.measure(went_on_within=f"{max(seconds):.1f} s")


@pytest.mark.promise(6)
def test_a_container_that_is_killed_under_its_clients_loses_nothing(
    rounds: Rounds, tally: Tally
) -> None:
    moments = random.Random(6)  # noqa: S311 - any moments will do, the same each time
    with open_site(tally, rounds(3, 8), pause=0.02) as site:
        for _ in range(rounds(3, 100)):
            site.wait_until_received(moments.randint(1, MOST))
            site.check_all_run()
            site.container.kill()
            site.start_again()
        site.finish()


def pause(site: Site, seconds: float) -> None:
    """Freeze the server's processes for this long."""
    for _ in range(10):
        with suppress(APIError):  # "unable to freeze": the kernel was too busy
            site.container.pause()
            break
    site.stay_cut_off(seconds, *site.clients)
    site.container.unpause()  # an error if it was not paused


def test_clients_of_a_server_that_is_paused_go_on(rounds: Rounds, tally: Tally) -> None:
    """For a second, and then until they give up the connection."""
    with open_site(tally, rounds(1, 2)) as site:
        cut_often(site, rounds(3, 50), lambda _: pause(site, 1))
        cut_often(site, rounds(1, 2), lambda _: pause(site, rounds(BEYOND, 20)))
        site.finish()
        site.check_cut_off()
        site.check_none_left()


def test_clients_go_on_when_one_end_was_disconnected(rounds: Rounds, tally: Tally) -> None:
    """In turn the server's end and a client's; each comes back with its old address."""
    times = rounds(2, 20)
    with open_site(tally, rounds(1, 2), subnet=f"{SUBNETS[0]}.0/24") as site:
        client = site.clients["client-1"].get_wrapped_container()

        def cut(number: int) -> None:
            seconds = BEYOND if number % 5 == LONG else 1
            who, cut_off, aliases = site.container, [*site.clients], ["server"]
            if number % 2:
                who, cut_off, aliases = client, ["client-1"], []
            address = site.network.attrs["Containers"][who.id]["IPv4Address"].partition("/")[0]
            site.network.disconnect(who)
            site.stay_cut_off(seconds, *cut_off)
            site.network.connect(who, aliases=aliases, ipv4_address=address)

        cut_often(site, times, cut)
        site.finish()
        if times > LONG:
            site.check_cut_off()
        site.check_none_left()


def test_clients_go_on_when_packets_were_dropped(rounds: Rounds, tally: Tally) -> None:
    """In turn for longer than a client waits for a reply, and for a second."""
    with open_site(tally, rounds(1, 2)) as site, Firewall(site.container) as firewall:

        def cut(number: int) -> None:
            firewall.drop("INPUT", "OUTPUT")
            site.stay_cut_off(1 if number % 2 else BEYOND, *site.clients)
            firewall.iptables("-F")  # let them through

        cut_often(site, rounds(1, 10), cut)
        site.finish()
        site.check_cut_off()
        if rounds(0, 1):  # the kernel may notice only by its keepalive that a client has gone
            site.check_none_left()


def test_clients_find_a_server_that_comes_back_with_another_address(
    rounds: Rounds, tally: Tally
) -> None:
    """The last time it moves without being killed, so that its old connections are dead."""
    moves = rounds(2, 3)
    dead: dict[str, float] = {}
    with open_site(tally, rounds(1, 2), subnet=f"{SUBNETS[1]}.0/24") as site:

        def move(number: int) -> None:
            is_last = number == moves - 1
            peers = [site.peer_of(client) for client in site.clients.values()]
            if not is_last:
                site.container.kill()
            site.network.disconnect(site.container)
            if is_last:
                dead.update(dict.fromkeys(peers, time.time()))
            address = f"{SUBNETS[1]}.{100 + number}"
            site.network.connect(site.container, aliases=["server"], ipv4_address=address)
            if not is_last:
                site.start_again()

        cut_often(site, moves, move)
        site.finish()
        if rounds(0, 1):
            site.check_freed(dead)


def vanish(site: Site, stack: ExitStack) -> dict[str, float]:
    """Cut three clients off at their own end; return when, in Unix seconds, by their addresses."""
    # Not at the server's end, whose TCP would notice that its own firewall drops the packet.
    idle = site.start_client(SILENT.format("idle"))
    unplugged = site.start_client(SILENT.format("unplugged"))
    talking = site.start_client(script("talking", 1000, 0.5))
    wait_until(lambda: all(one.events("reply") for one in (idle, unplugged, talking)), pause=POLL)
    dead = {}

    peer = site.peer_of(unplugged)
    site.network.disconnect(unplugged.get_wrapped_container())
    dead[peer] = time.time()

    firewall = stack.enter_context(Firewall(idle.get_wrapped_container()))
    firewall.drop("INPUT", "OUTPUT")
    dead[site.peer_of(idle)] = time.time()

    # One more message gets out, but its reply is never acknowledged.
    firewall = stack.enter_context(Firewall(talking.get_wrapped_container()))
    peer = site.peer_of(talking)
    firewall.drop("INPUT")
    dead[peer] = time.time()
    answered = len(talking.events("reply"))

    def received() -> int:
        return sum(one["peer"] == peer for one in site.server.events("received from the client"))

    wait_until(lambda: received() > answered, pause=POLL)
    firewall.drop("OUTPUT")
    return dead


def keepalive(site: Site) -> float:
    """Return the seconds until the kernel has asked every silent client; 0 if it never does."""
    _, table = site.container.exec_run(["cat", "/proc/net/tcp"])  # proc_net_tcp(5)
    rows = [line.split() for line in table.decode().splitlines()[1:]]
    timers = [row[5] for row in rows if row[1].endswith(":07E6") and row[3] == "01"]
    due = [timer.partition(":") for timer in timers]
    if not due or any(kind != "02" for kind, _, _ in due):
        return 0
    return max(int(ticks, 16) for _, _, ticks in due) / 100  # there are 100 ticks a second


def test_a_dead_connection_is_freed_within_65_seconds(rounds: Rounds, tally: Tally) -> None:
    """`full` waits for each; `short` trusts the kernel's timers to ask in time."""
    with open_site(tally, 1) as site:
        if rounds(0, 1):
            with ExitStack() as stack:
                site.check_freed(vanish(site, stack))
        else:
            wait_until(lambda: 0 < keepalive(site) <= IDLE, pause=POLL)
            tally.check(True)
            tally.measure(asks_after=f"{IDLE} s at most")
        site.finish()
