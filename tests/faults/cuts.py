"""The ways to cut clients off, each on a site of its own: afterwards everybody goes on.

Each counts on a tally of its own, for they all happen at the same time.
"""

import contextlib
import os
import random
import time
from collections.abc import Callable

from docker.errors import APIError

from tests.faults.dead import check_freed, check_none_left
from tests.faults.firewall import Firewall
from tests.faults.site import Site, open_site
from tests.faults.tally import Tally
from tests.kit.rounds import Rounds

MOST = 40  # messages that a server may see before it is killed
BEYOND = 6  # seconds: longer than a client waits for a reply
LONG = 4  # of five disconnections the last, which is the server's and a client's by turns
ATTEMPTS = 10  # to pause a container
# For benchmarks of networks (RFC 2544), nobody else's; of tests that run at once each has its own.
SUBNETS = [f"198.{second}.{os.getpid() % 256}.0/24" for second in (18, 19)]


def kills(tally: Tally, rounds: Rounds) -> None:
    """`docker kill`, and started again at once."""
    moments = random.Random(6)  # noqa: S311 - any moments will do, the same each time
    with open_site(8, pause=0.02) as site:
        for _ in range(rounds(3, 100)):
            site.wait_until_received(moments.randint(1, MOST))
            tally.check(site.all_run(), "a client has given up")
            site.kill()
            site.start_again()
        site.finish(tally)


def short_pauses(tally: Tally, rounds: Rounds) -> None:
    """The server's processes get no processor for a second."""
    with open_site(rounds(1, 2)) as site:
        cut_often(site, tally, rounds(3, 50), lambda _: pause(site, 1))
        check_none_left(site, tally)


def long_pauses(tally: Tally, rounds: Rounds) -> None:
    """So long that the clients give the connection up."""
    seconds = rounds(BEYOND, 20)
    with open_site(rounds(1, 2)) as site:
        cut_often(site, tally, rounds(1, 2), lambda _: pause(site, seconds))
        check_cut_off(site, tally)
        check_none_left(site, tally)


def disconnections(tally: Tally, rounds: Rounds) -> None:
    """The server's and, by turns, a client's; each comes back with its address.

    For a second, and every fifth time for longer than a client waits for a reply.
    """
    times = rounds(2, 20)
    with open_site(rounds(1, 2), subnet=SUBNETS[0]) as site:
        client = site.clients["client-1"].get_wrapped_container()

        def cut(number: int) -> None:
            its_own = number % 2
            who = client if its_own else site.container
            address = site.address_of(who)
            site.network.disconnect(who)
            site.stay_cut_off(
                BEYOND if number % 5 == LONG else 1, *(["client-1"] if its_own else site.clients)
            )
            aliases = [] if its_own else ["server"]
            site.network.connect(who, aliases=aliases, ipv4_address=address)

        cut_often(site, tally, times, cut)
        if times > LONG:
            check_cut_off(site, tally)
        check_none_left(site, tally)


def dropped_packets(tally: Tally, rounds: Rounds) -> None:
    """For longer than a client waits for a reply and, by turns, for a second."""
    with open_site(rounds(1, 2)) as site, Firewall(site.container) as firewall:

        def cut(number: int) -> None:
            firewall.drop("INPUT", "OUTPUT")
            site.stay_cut_off(1 if number % 2 else BEYOND, *site.clients)
            firewall.let_through()

        cut_often(site, tally, rounds(1, 10), cut)
        check_cut_off(site, tally)
        check_none_left(site, tally)


def other_addresses(tally: Tally, rounds: Rounds) -> None:
    """The server is killed and comes back elsewhere; at last it moves without being killed.

    What it then still has at the old address is dead.
    """
    moves = rounds(2, 3)
    dead: dict[str, float] = {}
    with open_site(rounds(1, 2), subnet=SUBNETS[1]) as site:

        def move(number: int) -> None:
            last = number == moves - 1
            peers = [site.peer_of(client) for client in site.clients.values()]
            if not last:
                site.kill()
            site.network.disconnect(site.container)
            if last:
                dead.update(dict.fromkeys(peers, time.time()))
            address = site.address(100 + number)
            site.network.connect(site.container, aliases=["server"], ipv4_address=address)
            if not last:
                site.start_again()

        cut_often(site, tally, moves, move)
        if rounds(0, 1):
            check_freed(site, tally, dead)


def cut_often(site: Site, tally: Tally, times: int, cut: Callable[[int], object]) -> None:
    """Cut and mend it so often, each time until every client has been answered again."""
    seconds = []
    for number in range(times):
        cut(number)
        seconds.append(site.heal())
        tally.check(site.all_run(), "a client has given up")
    site.finish(tally)
    tally.measure(went_on_within=f"{max(seconds):.1f} s")


def check_cut_off(site: Site, tally: Tally) -> None:
    """Check that each client had to connect again: else nothing was cut at all."""
    for name, client in site.clients.items():
        connections = len(client.events("connected"))
        tally.check(connections > 1, f"{name} was not cut off", rounds=0)


def pause(site: Site, seconds: float) -> None:
    for _ in range(ATTEMPTS):
        with contextlib.suppress(APIError):  # "unable to freeze": the kernel was too busy
            site.container.pause()
            break
    site.stay_cut_off(seconds, *site.clients)
    site.container.unpause()  # an error where it was not paused
