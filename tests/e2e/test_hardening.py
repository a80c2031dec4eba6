"""What compose.yaml keeps its containers from, read from inside them and from the engine."""

import json
import time

import docker
import pytest
from docker.models.containers import Container

from tests.e2e.lab import Lab

MEBIBYTE = 1024 * 1024


@pytest.fixture
def server(lab: Lab, engine: docker.DockerClient) -> Container:
    lab.compose("up", "--detach", "--wait", "server")
    return engine.containers.get(lab.get_container("server").ID)


def assert_powerless(status: str) -> None:
    """By its /proc/<pid>/status a process has no capability, can gain none, and is not root."""
    facts = dict(line.split(":\t", 1) for line in status.splitlines())
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[capabilities], 16) == 0, capabilities
    assert facts["NoNewPrivs"] == "1"
    assert "0" not in facts["Uid"].split() + facts["Gid"].split()


def test_the_server_is_not_root_and_has_no_capability(lab: Lab, server: Container) -> None:
    assert_powerless(server.exec_run(f"cat /proc/{lab.snapshot()['pid']}/status").output.decode())


def test_nor_is_or_has_a_client(lab: Lab) -> None:
    inside = ("run", "--rm", "-T", "--no-deps", "--entrypoint", "cat", "client")
    assert_powerless(lab.compose(*inside, "/proc/self/status"))


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


def test_each_container_may_use_so_much_memory_and_so_many_threads(
    lab: Lab, engine: docker.DockerClient
) -> None:
    lab.compose("create")
    limits = {
        container.Service: engine.containers.get(container.ID).attrs["HostConfig"]
        for container in lab.get_containers(include_all=True)
    }
    assert limits["server"]["Memory"] == 256 * MEBIBYTE
    assert limits["server"]["PidsLimit"] == 512
    assert limits["client"]["Memory"] == 64 * MEBIBYTE
    assert limits["client"]["PidsLimit"] == 32


def test_both_ports_are_published_for_this_machine_alone(server: Container) -> None:
    published = server.attrs["NetworkSettings"]["Ports"]
    assert published.keys() == {"2022/tcp", "8022/tcp"}
    assert {end["HostIp"] for ends in published.values() for end in ends} == {"127.0.0.1"}


def test_the_server_ends_by_itself_when_compose_stops_it(lab: Lab, server: Container) -> None:
    began = time.monotonic()
    lab.compose("stop", "server")
    assert time.monotonic() - began < 5  # of 15 s until it would be killed
    server.reload()
    assert server.attrs["State"]["ExitCode"] == 0
