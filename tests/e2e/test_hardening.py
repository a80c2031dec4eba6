"""What compose.yaml says of its containers; tests/faults/containers/test_closed.py has the rest."""

import json
import time

import docker
import pytest
from docker.models.containers import Container

from tests.kit.lab import Lab


@pytest.fixture
def server(lab: Lab, engine: docker.DockerClient) -> Container:
    lab.compose("up", "--detach", "--wait", "server")
    return engine.containers.get(lab.get_container("server").ID)


@pytest.mark.parametrize("service", ["server", "client"])
def test_an_image_of_ours_is_built_here_and_never_asked_of_a_registry(
    lab: Lab, service: str
) -> None:
    settings = json.loads(lab.compose("config", "--format", "json"))["services"][service]
    assert settings["pull_policy"] == "never"
    assert settings["build"]["dockerfile"] == f"Dockerfile.{service}"


@pytest.mark.parametrize("service", ["server", "client"])
def test_a_container_may_write_in_tmp_and_nowhere_else(lab: Lab, service: str) -> None:
    inside = ("run", "--rm", "-T", "--no-deps", "--entrypoint", "sh", service, "-c")
    lab.compose(*inside, "touch /tmp/probe")
    refused = lab.compose(*inside, "touch /probe /lab/probe /var/tmp/probe 2>&1 || true")
    assert refused.count("Read-only file system") == 3


def test_the_server_ends_by_itself_when_compose_stops_it(lab: Lab, server: Container) -> None:
    began = time.monotonic()
    lab.compose("stop", "server")
    assert time.monotonic() - began < 5  # of 15 s until it would be killed
    server.reload()
    assert server.attrs["State"]["ExitCode"] == 0
