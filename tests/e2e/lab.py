"""The real compose.yaml, in a project of its own and on ports that the engine chooses."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from testcontainers.compose import ComposeContainer, DockerCompose

from tests.containers import fetch_sessions, remaining, wait_until

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0  # seconds that one command may take


def run(*words: str, says: str = "") -> str:
    """What a command prints, run where the README says to; it must succeed."""
    done = subprocess.run(
        words, cwd=ROOT, input=says, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Lab(DockerCompose):
    """`docker compose`, with what testcontainers leaves out: `--scale`, `run`, all replicas."""

    def __init__(self) -> None:
        super().__init__(ROOT)

    def compose(self, *words: str, says: str = "") -> str:
        return run(*self.docker_compose_command(), *words, says=says)

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
        return fetch_sessions(*self.address(8022))


@pytest.fixture
def lab(engine: docker.DockerClient, environment: None) -> Iterator[Lab]:  # noqa: ARG001 - set it
    lab = Lab()
    yield lab
    lab.stop()  # `docker compose down --volumes`
    assert remaining(engine) == []
