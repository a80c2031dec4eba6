"""The real compose.yaml, in a project of its own and on ports that the engine chooses."""

from collections.abc import Iterator
from typing import Any

import docker
import pytest
from testcontainers.compose import ComposeContainer, DockerCompose

from tests.kit.command import ROOT, well
from tests.kit.containers import remaining
from tests.kit.http_get import get_sessions
from tests.kit.waiting import wait_until


class Lab(DockerCompose):
    """`docker compose`, with what testcontainers leaves out: `--scale`, `run`, all replicas."""

    def __init__(self) -> None:
        super().__init__(ROOT)

    def compose(self, *words: str, says: str = "") -> str:
        return well(*self.docker_compose_command(), *words, says=says)

    def clients(self) -> list[ComposeContainer]:
        everything = self.get_containers(include_all=True)
        return [container for container in everything if container.Service == "client"]

    def wait_for_clients(self) -> None:
        wait_until(lambda: all(client.State == "exited" for client in self.clients()))

    def address(self, port: int) -> tuple[str, int]:
        """Where a port of the server is published on this machine."""
        host, published = self.get_service_host_and_port("server", port)
        assert host
        assert published
        return host, published

    def snapshot(self) -> dict[str, Any]:
        """What /sessions.json says now."""
        host, port = self.address(8022)
        return get_sessions(port, host=host)


@pytest.fixture
def lab(engine: docker.DockerClient, project: str) -> Iterator[Lab]:  # noqa: ARG001 - it is set
    lab = Lab()
    yield lab
    lab.stop()  # `docker compose down --volumes`
    assert remaining(engine) == []
