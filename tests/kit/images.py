"""Containers of the server's and the client's image, on their own network."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import docker
import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HttpWaitStrategy

from tests.kit.containers import CLIENT_IMAGE, LABEL, PROJECT, SERVER_IMAGE
from tests.kit.http_get import LOOPBACK, get_sessions
from tests.kit.json_log import Event, events, records
from tests.kit.waiting import SECONDS

PORT, STATUS_PORT = 2022, 8022


class Program(DockerContainer):
    """A container whose program logs one JSON object per line."""

    def __init__(self, image: str, network: Network, words: list[str], **options: Any) -> None:  # noqa: ANN401
        super().__init__(image, network=network, init=True, labels={LABEL: PROJECT}, **options)
        self.with_command(words)
        self.with_env("LANES_LOG_FORMAT", "json")

    def output(self) -> str:
        return str(self.get_wrapped_container().logs(), "utf-8")

    def events(self, name: str) -> list[Event]:
        """Return the records that it has logged of this event, in order."""
        return events(self.output(), name)

    def exit_code(self) -> int:
        """Wait until the container ends; return its exit code."""
        return int(self.get_wrapped_container().wait(timeout=SECONDS)["StatusCode"])

    def own_address(self) -> str:
        """Return its own address: a published port's proxy reads what its client does not."""
        container = self.get_wrapped_container()
        container.reload()
        [own] = container.attrs["NetworkSettings"]["Networks"].values()
        return str(own["IPAddress"])

    def terminate(self) -> int:
        """Send SIGTERM; return the exit code."""
        self.get_wrapped_container().kill("SIGTERM")
        return self.exit_code()


class Server(Program):
    """`thread-lanes-server`, known on the network as `server`."""

    def __init__(self, network: Network, words: list[str], **options: Any) -> None:  # noqa: ANN401
        super().__init__(SERVER_IMAGE, network, words, **options)
        self.with_network_aliases("server")
        # testcontainers itself would publish them on every interface.
        for port in (PORT, STATUS_PORT):
            self.ports[f"{port}/tcp"] = (LOOPBACK, None)  # type: ignore[assignment]  # docker-py's
        self._well = HttpWaitStrategy(STATUS_PORT, "/healthz").with_poll_interval(0.1)
        self.waiting_for(self._well)

    @property
    def chat(self) -> str:
        """The chat port's published address on this machine; each start publishes another port."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def snapshot(self) -> dict[str, Any]:
        """Return the current /sessions.json."""
        return get_sessions(self.get_exposed_port(STATUS_PORT))

    def sessions(self) -> list[dict[str, Any]]:
        return list(self.snapshot()["sessions"])

    def os_threads(self) -> set[int]:
        """Return the ids of the server's threads, as the kernel lists them."""
        tasks = self.exec(["ls", f"/proc/{self.snapshot()['pid']}/task"])
        return {int(thread) for thread in tasks.output.split()}

    def start_again(self) -> None:
        self.get_wrapped_container().start()
        self._well.wait_until_ready(self)


class Client(Program):
    """`thread-lanes-client`, playing a script; the lab's own by default."""

    def __init__(self, network: Network, words: list[str], script: str | None = None) -> None:
        super().__init__(CLIENT_IMAGE, network, words)
        self.with_env("LANES_SERVER", f"server:{PORT}")
        if script is not None:
            self.with_env("LANES_SCRIPT", "/script.txt")
            self.with_copy_into_container(script.encode(), "/script.txt")

    def greeted_by(self) -> list[str]:
        """Return the thread named in each greeting that it has read."""
        return [event["thread"] for event in self.events("greeted")]

    def answered(self) -> Counter[str]:
        """Count the replies that each of its connections has read, by local address."""
        replies: Counter[str] = Counter()
        for event in records(self.output()):
            if event["event"] == "connected":
                connection = event["local"]
            elif event["event"] == "reply":
                replies[connection] += 1
        return replies

    def summary(self) -> Event:
        """Return its last record: what happened to its messages."""
        [summary] = self.events("summary")
        return summary


@pytest.fixture
def network(engine: docker.DockerClient) -> Iterator[Network]:  # noqa: ARG001 - one must be there
    with Network(docker_network_kw={"labels": {LABEL: PROJECT}}) as network:
        yield network


@pytest.fixture
def start_server(network: Network) -> Iterator[Callable[..., Server]]:
    """`docker run thread-lanes-server OPTIONS`"""
    with ExitStack() as stack:

        def start(*options: str) -> Server:
            server = Server(network, list(options))
            stack.callback(server.stop)
            return server.start()

        yield start


@pytest.fixture
def start_client(network: Network) -> Iterator[Callable[..., Client]]:
    """`docker run thread-lanes-client run OPTIONS`, with a script if one is given"""
    with ExitStack() as stack:

        def start(*options: str, script: str | None = None) -> Client:
            client = Client(network, ["run", *options], script)
            stack.callback(client.stop)
            return client.start()

        yield start
