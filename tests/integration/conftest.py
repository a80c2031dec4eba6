from collections.abc import Callable, Iterator
from contextlib import ExitStack

import docker
import pytest
from testcontainers.core.network import Network

from tests.containers import LABEL, PROJECT, engine, pytest_runtest_makereport
from tests.integration.running import Client, Server

__all__ = ["engine", "pytest_runtest_makereport"]


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
    """`docker run thread-lanes-client run OPTIONS`, perhaps with a script of its own"""
    with ExitStack() as stack:

        def start(*options: str, script: str | None = None) -> Client:
            client = Client(network, ["run", *options], script)
            stack.callback(client.stop)
            return client.start()

        yield start
