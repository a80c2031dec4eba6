"""What the tests on containers share: an engine with our images, no leftovers, logs of failures.

testcontainers cleans up with Ryuk, an image that a machine without a registry does not have. So
every container and network of a run has the run's project name in Compose's own label, and the
next run removes what a killed one left behind.
"""

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from functools import partial

import docker
import pytest
from docker.errors import DockerException
from docker.models.containers import Container
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.docker_client import DockerClient

from tests.kit.command import ROOT, run
from tests.kit.http_get import LOOPBACK

testcontainers_config.ryuk_disabled = True
testcontainers_config.connection_mode_override = ConnectionMode.docker_host
testcontainers_config.tc_host_override = LOOPBACK

REGISTRY = os.environ.get("LANES_REGISTRY", "")  # the prefix of the names that `make images` gave
SERVER_IMAGE, CLIENT_IMAGE = f"{REGISTRY}thread-lanes-server", f"{REGISTRY}thread-lanes-client"
LANES_IMAGE = f"{REGISTRY}thread-lanes"
LABEL = "com.docker.compose.project"
PREFIX = "thread-lanes-tests-"
PROJECT = f"{PREFIX}{os.getpid()}"  # so that runs at the same time do not interfere
IN_A_PROJECT = {
    "COMPOSE_PROJECT_NAME": PROJECT,
    "COMPOSE_FILE": f"{ROOT}/compose.yaml:{ROOT}/tests/kit/patient.yaml",
    "LANES_PORT": "0",
    "LANES_STATUS_PORT": "0",
}
OURS = {"label": f"{LABEL}={PROJECT}"}
STACK_LABEL = "com.docker.stack.namespace"  # Swarm's counterpart; its containers also have
# Compose's label if Compose built their image.
OURS_IN_SWARM = {"label": f"{STACK_LABEL}={PROJECT}"}
# You may have set these for a demo, or `make` for the recipe that runs the tests.
FOREIGN = (
    *("LANES_", "COMPOSE_", "CLIENTS", "SERVERS", "REGISTRY"),
    *("MODEL", "WORKERS", "MAKE", "MFLAGS"),
    # pytest imports readline, which sets these, and its workers inherit them.
    *("LINES", "COLUMNS"),
)


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Remove the options that you or an image have set."""
    with pytest.MonkeyPatch.context() as variables:
        for name in os.environ:
            if name.startswith(FOREIGN) and name != "LANES_REGISTRY":
                variables.delenv(name)
        yield


@pytest.fixture
def project(environment: None, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001 - it clears
    """The name of this run's Compose project; the engine chooses its ports."""
    for name, value in IN_A_PROJECT.items():
        monkeypatch.setenv(name, value)
    return PROJECT


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    if not shutil.which("docker"):
        pytest.fail("`docker` is not installed: run scripts/ensure-engine", pytrace=False)
    asked = run("docker", "version")  # the library leaves sockets open if no engine answers
    if asked.returncode:
        pytest.fail(f"no engine, run scripts/ensure-engine: {asked.stderr}", pytrace=False)
    with closing(DockerClient().client) as client:
        for image in (SERVER_IMAGE, CLIENT_IMAGE, LANES_IMAGE):
            if not client.images.list(name=image):
                pytest.fail(f"there is no image {image} here: run `make images`", pytrace=False)
        sweep(client)
        yield client


def sweep(engine: docker.DockerClient) -> None:
    for container in containers_with(engine, LABEL):
        if was_left_behind(container.labels[LABEL]):
            with suppress(DockerException):  # another run may sweep too
                container.remove(force=True, v=True)
    for network in engine.networks.list(filters={"label": LABEL}):
        if was_left_behind(network.attrs["Labels"][LABEL]):
            with suppress(DockerException):
                network.remove()
    for volume in engine.volumes.list(filters={"label": LABEL}):
        if was_left_behind(volume.attrs["Labels"][LABEL]):
            with suppress(DockerException):
                volume.remove()


def containers_with(engine: docker.DockerClient, label: str) -> list[Container]:
    """Return the containers with this Compose label, running or not, except Swarm's."""
    # `ignore_removed`: do not fail if a container disappears while the list is made.
    every = engine.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    return [container for container in every if STACK_LABEL not in container.labels]


def was_left_behind(project: str) -> bool:
    """Whether it belongs to a run whose process has ended."""
    if not project.startswith(PREFIX):
        return False
    try:
        os.kill(int(project.removeprefix(PREFIX)), 0)  # 0 only asks whether it exists
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it exists, and belongs to another user
    return False


def remaining(engine: docker.DockerClient) -> list[str]:
    """Return the names of this run's containers, networks and volumes."""
    everything = (
        *containers_with(engine, OURS["label"]),
        *engine.networks.list(filters=OURS),
        *engine.volumes.list(filters=OURS),
    )
    return [thing.name for thing in everything]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the log of every container to the report of a failure, before any is removed."""
    report = yield
    engine = item.funcargs.get("engine")
    if report.failed and isinstance(engine, docker.DockerClient):
        with suppress(DockerException):
            every = partial(engine.containers.list, all=True)
            for container in (*every(filters=OURS), *every(filters=OURS_IN_SWARM)):
                log = container.logs().decode(errors="replace")
                image = container.attrs["Config"]["Image"]
                report.sections.append((f"log of {container.name}, from {image}", log))
    return report
