import os
from collections.abc import Iterator

import docker
import pytest

from tests.containers import PROJECT, engine, pytest_runtest_makereport, remaining
from tests.e2e.lab import Lab

__all__ = ["engine", "pytest_runtest_makereport"]

# What whoever runs the tests may have set for a demo, or `make` for the recipe that runs us.
FOREIGN = ("LANES_", "COMPOSE_", "CLIENTS", "MODEL", "WORKERS", "MAKE", "MFLAGS")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """DockerCompose takes neither a project's name nor variables: Compose reads them from here."""
    for name in os.environ:
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COMPOSE_PROJECT_NAME", PROJECT)
    monkeypatch.setenv("LANES_PORT", "0")
    monkeypatch.setenv("LANES_STATUS_PORT", "0")


@pytest.fixture
def lab(engine: docker.DockerClient, environment: None) -> Iterator[Lab]:  # noqa: ARG001 - set it
    lab = Lab()
    yield lab
    lab.stop()  # `docker compose down --volumes`
    assert remaining(engine) == []
