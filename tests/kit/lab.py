"""The real compose.yaml, in its own project and on ports that the engine chooses."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any

import docker
import pytest
from testcontainers.compose import ComposeContainer, DockerCompose

from tests.kit.command import ROOT, well
from tests.kit.containers import IN_A_PROJECT, remaining
from tests.kit.http_get import get, get_sessions
from tests.kit.schema import VALIDATOR
from tests.kit.waiting import wait_until


class Lab(DockerCompose):
    """`docker compose`, with what testcontainers lacks: `--scale`, `run`, all replicas."""

    def __init__(self) -> None:
        super().__init__(ROOT)

    def compose(self, *words: str, says: str = "") -> str:
        return well(*self.docker_compose_command(), *words, says=says)

    def clients(self) -> list[ComposeContainer]:
        everything = self.get_containers(include_all=True)
        return [container for container in everything if container.Service == "client"]

    def wait_for_clients(self) -> None:
        wait_until(lambda: all(one.State == "exited" for one in self.clients()), pause=0.1)

    def address(self, service: str, port: int) -> tuple[str, int]:
        """Return the host and port at which this machine publishes a service's port."""
        host, published = self.get_service_host_and_port(service, port)
        assert host
        assert published
        return host, published

    def page(self) -> str:
        """Return the URL of the live page, once it shows a server."""
        host, port = self.address("lanes", 8022)

        def shows_a_server() -> bool:
            with suppress(OSError):
                return get(port, "/sessions.json", host=host).status == HTTPStatus.OK
            return False

        wait_until(shows_a_server, pause=0.1)
        return f"http://{host}:{port}/"

    def snapshot(self) -> dict[str, Any]:
        """Return the server's snapshot, as the live page passes it on."""
        self.page()
        host, port = self.address("lanes", 8022)
        snapshot = get_sessions(port, host=host)
        VALIDATOR.validate(snapshot)
        return snapshot

    def os_threads(self) -> set[int]:
        """Return the ids of the server's threads, as the kernel lists them."""
        tasks = self.compose("exec", "-T", "server", "ls", f"/proc/{self.snapshot()['pid']}/task")
        return set(map(int, tasks.split()))


@contextmanager
def open_lab(engine: docker.DockerClient) -> Iterator[Lab]:
    """Yield a lab in the project that the environment names; it must leave nothing behind."""
    lab = Lab()
    try:
        yield lab
    finally:
        lab.stop()  # `docker compose down --volumes`
    assert remaining(engine) == []


@pytest.fixture
def lab(engine: docker.DockerClient, project: str) -> Iterator[Lab]:  # noqa: ARG001 - it is set
    with open_lab(engine) as lab:
        yield lab


@contextmanager
def shared_lab(engine: docker.DockerClient, **variables: str) -> Iterator[Lab]:
    """Yield a lab that is up with these variables, for all tests of a module."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in (IN_A_PROJECT | variables).items():
            environment.setenv(name, value)
        with open_lab(engine) as lab:
            lab.compose("up", "--detach")
            yield lab
