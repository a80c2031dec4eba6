"""A server and its clients as containers on their own network, to be cut off from each other.

Each client keeps sending numbered messages. `finish` ends them and counts what went wrong.
"""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, Self

from docker.models.containers import Container
from docker.models.networks import Network as DockerNetwork
from docker.types import IPAMConfig, IPAMPool
from testcontainers.core.network import Network

from tests.faults.ledger import Ledger, audit, script
from tests.faults.tally import Tally
from tests.kit.containers import LABEL, PROJECT, SERVER_IMAGE
from tests.kit.images import Client, Program
from tests.kit.json_log import Event, events, records
from tests.kit.waiting import wait_until

MESSAGES = 10_000  # for each client, more than there is time for
POLL = 0.1  # seconds between two requests to the engine: many sites ask at once
LOOKS = 4  # at a client's last reply: if all see the same, it was the last before the cut
FREED = 65.0  # seconds within which the server must free a dead connection
FAULTS_IMAGE = "thread-lanes-faults"


class Site:
    def __init__(self, tally: Tally, network: Network, stack: ExitStack) -> None:
        self.tally = tally
        self._network = network
        self._stack = stack
        self._started = time.time()  # when the server was last started
        # Without published ports, because publishing them takes half of a start.
        self.server = Program(SERVER_IMAGE, network, []).with_network_aliases("server")
        self.clients: dict[str, Client] = {}
        self._stack.callback(self.server.stop)
        self.server.start()

    def start_client(self, to_say: str) -> Client:
        """Start one more client, which `finish` leaves alone."""
        client = Client(self._network, ["run"], to_say)
        self._stack.callback(client.stop)
        return client.start()

    def start_clients(self, count: int, pause: float) -> None:
        """Start N clients, with a pause in seconds between a reply and the next message."""
        names = [f"client-{number}" for number in range(1, count + 1)]
        scripts = [script(name, MESSAGES, pause) for name in names]
        with ThreadPoolExecutor(count) as threads:
            self.clients = dict(zip(names, threads.map(self.start_client, scripts), strict=True))
        self.heal()

    @property
    def container(self) -> Container:
        return self.server.get_wrapped_container()

    @property
    def network(self) -> DockerNetwork:
        return self.container.client.networks.get(self._network.id)

    def peer_of(self, client: Client) -> str:
        """Return the client's own address in its latest connection."""
        return str(client.events("connected")[-1]["local"])

    def start_again(self) -> None:
        self._started = time.time()
        self.container.start()

    def wait_until_received(self, messages: int) -> None:
        """Wait until the server has logged this many messages since it was last started."""
        received = b'"received from the client"'
        wait_until(
            lambda: self.container.logs(since=self._started).count(received) >= messages, pause=POLL
        )

    def check_all_run(self) -> None:
        """Count a round, in which neither the server nor any client may have ended."""
        running = self.container.client.containers.list(filters={"network": self._network.id})
        self.tally.check(len(running) == 1 + len(self.clients), "a client has given up")

    def stay_cut_off(self, seconds: float, *clients: str) -> None:
        """Wait this long, in which these clients can get no reply; count any that gets one."""
        until = time.monotonic() + seconds
        had = self._settled(clients)
        time.sleep(max(until - time.monotonic(), 0))  # not a wait: this is the cut under test
        for name, reply in had.items():
            not_cut_off = f"{name} was not cut off: a reply after number {reply}"
            self.tally.check(last_reply(self.clients[name]) == reply, not_cut_off, rounds=0)

    def _settled(self, clients: tuple[str, ...]) -> dict[str, int]:
        """Return their last replies, once each client has logged what it got before the cut."""
        looks: deque[dict[str, int]] = deque(maxlen=LOOKS)

        def are_the_same() -> bool:
            looks.append({name: last_reply(self.clients[name]) for name in clients})
            return looks.count(looks[-1]) == LOOKS

        wait_until(are_the_same, pause=POLL)
        return looks[-1]

    def heal(self) -> float:
        """Wait until each client has been answered once more; return how many seconds it took."""
        had = {client: last_reply(client) for client in self.clients.values()}
        return wait_until(
            lambda: all(last_reply(client) > before for client, before in had.items()), pause=POLL
        )

    def finish(self) -> None:
        """Wait until all is well, end the clients, and count everything that went wrong."""
        self.heal()
        with ThreadPoolExecutor() as threads:
            codes = list(threads.map(Client.terminate, self.clients.values()))
        log, clients = records(self.server.output()), self.clients.items()
        ledgers = [Ledger(name, records(client.output()), log) for name, client in clients]
        audit(ledgers, codes, self.tally)

    def check_cut_off(self) -> None:
        """Check that each client had to connect again: otherwise nothing was cut."""
        for name, client in self.clients.items():
            reconnected = len(client.events("connected")) > 1
            self.tally.check(reconnected, f"{name} was not cut off", rounds=0)

    def check_none_left(self) -> None:
        """Check that the server ends, in time, all connections of clients that have ended."""

        def left() -> set[str]:
            begun, ended = (self.server.events(name) for name in ("new connection", "bye"))
            return {event["peer"] for event in begun} - {event["peer"] for event in ended}

        self.tally.check(wait_until(lambda: not left(), FREED, pause=POLL) <= FREED)

    def check_freed(self, dead: dict[str, float]) -> None:
        """Check that the server ends each as lost in time, counted from the given Unix second."""

        def ends() -> dict[str, Event]:
            return {event["peer"]: event for event in self.server.events("bye")}

        wait_until(lambda: ends().keys() >= dead.keys(), 2 * FREED, pause=POLL)
        slowest = 0.0
        for peer, since in dead.items():
            end = ends()[peer]
            seconds = datetime.fromisoformat(end["time"]).timestamp() - since
            slowest = max(slowest, seconds)
            kept = end["end"] == "lost" and seconds <= FREED
            self.tally.check(kept, f"{peer} was freed after {seconds:.1f} s as {end['end']}")
        self.tally.measure(freed_within=f"{slowest:.1f} s")


@contextmanager
def open_site(
    tally: Tally, clients: int, *, pause: float = 0.2, subnet: str | None = None
) -> Iterator[Site]:
    """Yield a site whose clients have all been answered; fixed addresses need a subnet."""
    options: dict[str, Any] = {"labels": {LABEL: PROJECT}}
    if subnet:
        options["ipam"] = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
    with Network(docker_network_kw=options) as network, ExitStack() as stack:
        site = Site(tally, network, stack)
        site.start_clients(clients, pause)
        yield site


def last_reply(client: Client) -> int:
    """Return the number of its last reply, or 0 if it got none lately."""
    recent = client.get_wrapped_container().logs(tail=50)
    return max((event["number"] for event in events(recent, "reply")), default=0)


class Firewall:
    """Drops a container's packets, from another container in its network namespace."""

    def __init__(self, around: Container) -> None:
        # `run` would ask a registry for an image that is not here; `create` never does.
        self._inside = around.client.containers.create(
            FAULTS_IMAGE,
            ["infinity"],
            entrypoint="sleep",
            network_mode=f"container:{around.id}",
            cap_add=["NET_ADMIN"],
            user="0",
            labels={LABEL: PROJECT},
        )
        self._inside.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._inside.remove(force=True)

    def drop(self, *chains: str) -> None:
        """Drop every TCP packet from now on; the chains are INPUT and OUTPUT."""
        for chain in chains:
            self.iptables("-A", chain, "-p", "tcp", "-j", "DROP")

    def iptables(self, *words: str) -> None:
        code, said = self._inside.exec_run(["iptables", "--wait", *words])
        assert code == 0, said.decode()
