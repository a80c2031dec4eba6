"""A server and its clients as containers on a network of their own, where something is to happen.

Each client says numbered messages, on and on. `finish` ends them, and counts what was not as it
must be.
"""

import ipaddress
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from docker.models.containers import Container
from docker.models.networks import Network as DockerNetwork
from docker.types import IPAMConfig, IPAMPool
from testcontainers.core.network import Network

from tests.faults.ledger import Ledger, audit, script
from tests.faults.tally import Tally
from tests.kit.containers import LABEL, PROJECT, SERVER_IMAGE
from tests.kit.images import Client, Program
from tests.kit.waiting import SECONDS

MESSAGES = 10_000  # each, more than there is time for
POLL = 0.1  # seconds
UNDER_WAY = 0.3  # seconds in which a client may still log the reply that it had before it was cut
RECENT = 50  # lines of a client's log that are searched for its last reply


OVER = threading.Event()  # once it is set, every wait gives up


def wait(condition: Callable[[], object], seconds: float = SECONDS) -> float:
    """Wait until it holds; return how many seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "the condition did not come true"
        assert not OVER.is_set(), "the tests are over"
        time.sleep(POLL)  # each question is a request to the engine: many sites ask at once
    return time.monotonic() - began


class Silence(NamedTuple):
    """A time in which these clients were cut off, in Unix seconds."""

    clients: tuple[str, ...]
    began: float
    ended: float


class Site:
    """`open_site` makes one; it needs a subnet only where containers change their addresses."""

    def __init__(self, network: Network, stack: ExitStack, subnet: str | None) -> None:
        self._network = network
        self._stack = stack
        self._addresses = ipaddress.ip_network(subnet) if subnet else None
        self._started = time.time()  # the server, for the last time
        # With no published ports: to publish them takes half of a start.
        self.server = Program(SERVER_IMAGE, network, []).with_network_aliases("server")
        self.clients: dict[str, Client] = {}
        self._silences: list[Silence] = []
        self._stack.callback(self.server.stop)
        self.server.start()

    def start_client(self, to_say: str) -> Client:
        """One more, which `finish` leaves alone."""
        client = Client(self._network, ["run"], to_say)
        self._stack.callback(client.stop)
        return client.start()

    def start_clients(self, count: int, pause: float) -> None:
        """So many, with so many seconds between a reply and the next message."""
        names = [f"client-{number}" for number in range(1, count + 1)]
        scripts = [script(name, MESSAGES, pause) for name in names]
        with ThreadPoolExecutor(count) as threads:
            self.clients = dict(zip(names, threads.map(self.start_client, scripts), strict=True))
        self.heal()

    @property
    def container(self) -> Container:
        """The server's."""
        return self.server.get_wrapped_container()

    @property
    def network(self) -> DockerNetwork:
        return self.container.client.networks.get(self._network.id)

    def address(self, number: int) -> str:
        """The one of that number in the subnet."""
        assert self._addresses
        return str(self._addresses[number])

    def address_of(self, container: Container) -> str:
        """The one that it has."""
        container.reload()
        networks = container.attrs["NetworkSettings"]["Networks"]
        return str(networks[self._network.name]["IPAddress"])

    def kill(self) -> None:
        self.container.kill()

    def start_again(self) -> None:
        self._started = time.time()
        self.container.start()

    def wait_until_received(self, messages: int) -> None:
        """Wait until the server has logged so many messages since it was last started."""
        received = b'"received from the client"'
        wait(lambda: self.container.logs(since=self._started).count(received) >= messages)

    def received_from(self, peer: str) -> int:
        """How many messages the server has logged of this connection."""
        received = self.server.events("received from the client")
        return sum(event["peer"] == peer for event in received)

    def peer_of(self, client: Client) -> str:
        """The client's own end of its latest connection."""
        return str(client.events("connected")[-1]["local"])

    def all_run(self) -> bool:
        """Whether neither the server nor one of its clients has ended."""
        running = self.container.client.containers.list(filters={"network": self._network.id})
        return len(running) == 1 + len(self.clients)

    def stay_cut_off(self, seconds: float, *clients: str) -> None:
        """So long these clients can have no reply: `finish` looks whether they had one."""
        began = time.time()
        time.sleep(seconds)  # not a wait for something: it is what is tried
        self._silences.append(Silence(clients, began, time.time()))

    def open_connections(self) -> set[str]:
        """The clients' ends of those that the server has begun to serve, and not ended."""
        log = _events(str(self.container.logs(since=self._started), "utf-8"))
        begun = {event["peer"] for event in log if event["event"] == "new connection"}
        return begun - {event["peer"] for event in log if event["event"] == "bye"}

    def heal(self) -> float:
        """Wait until each client has been answered once more; return how many seconds it took."""
        before = {client: _last_reply(client) for client in self.clients.values()}
        return wait(lambda: all(_last_reply(client) > had for client, had in before.items()))

    def finish(self, tally: Tally) -> None:
        """Wait until all is well, end the clients, and count each thing that is wrong with them."""
        self.heal()
        with ThreadPoolExecutor() as threads:
            codes = list(threads.map(Client.terminate, self.clients.values()))
        log = _events(self.server.output())
        ledgers = [
            Ledger(name, _events(client.output()), log) for name, client in self.clients.items()
        ]
        audit(ledgers, codes, tally)
        self._check_silences(tally)

    def _check_silences(self, tally: Tally) -> None:
        for name, client in self.clients.items():
            replies = [_moment(event) for event in client.events("reply")]
            for silence in self._silences:
                if name in silence.clients:
                    began = silence.began + UNDER_WAY
                    heard = [moment for moment in replies if began < moment < silence.ended]
                    tally.check(not heard, f"{name} was not cut off: a reply at {heard}", rounds=0)


@contextmanager
def open_site(clients: int, *, pause: float = 0.2, subnet: str | None = None) -> Iterator[Site]:
    """A site whose clients have all been answered; nothing is left of it afterwards."""
    options: dict[str, Any] = {"labels": {LABEL: PROJECT}}
    if subnet:
        options["ipam"] = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)])
    with Network(docker_network_kw=options) as network, ExitStack() as stack:
        site = Site(network, stack, subnet)
        site.start_clients(clients, pause)
        yield site


def _events(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def _moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def _last_reply(client: Client) -> int:
    """The number of its last reply; 0 where it has had none of late."""
    recent = str(client.get_wrapped_container().logs(tail=RECENT), "utf-8")
    return max(
        (event["number"] for event in _events(recent) if event["event"] == "reply"), default=0
    )
