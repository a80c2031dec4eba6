"""A swarm of one node: the one that is here, or one on loopback for as long as the tests take."""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import docker
import pytest

from tests.kit.command import run, well
from tests.kit.containers import STACK_LABEL, was_left_behind
from tests.kit.http_get import LOOPBACK
from tests.swarm.stack import Stack

MADE = "thread-lanes.tests"  # a label of the node: the tests made the swarm


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """What needs the swarm is run by one worker, and makes it once."""
    for item in items:
        if "swarm" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("swarm"))


@pytest.fixture(scope="session")
def turn() -> Iterator[None]:
    """An engine has one swarm: of several runs one has it at a time."""
    with (Path(gettempdir()) / "thread-lanes-tests-swarm").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed, however this process ends
        yield


@pytest.fixture(scope="session")
def swarm(turn: None, engine: docker.DockerClient) -> docker.DockerClient:  # noqa: ARG001 - it waits
    state = engine.info()["Swarm"]
    if state["LocalNodeState"] != "active":
        engine.swarm.init(advertise_addr=LOOPBACK, listen_addr=LOOPBACK)
        well("docker", "node", "update", "--label-add", f"{MADE}=here", engine.info()["Name"])
    elif not state["ControlAvailable"] or state["Nodes"] != 1:
        pytest.fail("the tests need a swarm of this one engine, or none", pytrace=False)
    sweep(engine)
    return engine


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the swarm that the tests made, once no other test runs.

    An engine that leaves a swarm forgets the names on all of its networks, Compose's too.
    """
    if hasattr(session.config, "workerinput"):  # a worker of pytest-xdist: others may still run
        return
    label = f'{{{{index .Spec.Labels "{MADE}"}}}}'
    if run("docker", "node", "inspect", "self", "--format", label).stdout.strip():
        well("docker", "swarm", "leave", "--force")


def sweep(engine: docker.DockerClient) -> None:
    labelled = {"label": STACK_LABEL}
    labels = [service.attrs["Spec"]["Labels"] for service in engine.services.list(filters=labelled)]
    labels += [network.attrs["Labels"] for network in engine.networks.list(filters=labelled)]
    for name in {each[STACK_LABEL] for each in labels}:
        if was_left_behind(name):
            run("docker", "stack", "rm", name)


@pytest.fixture(scope="module")
def stack(swarm: docker.DockerClient) -> Iterator[Stack]:
    stack = Stack(swarm)
    yield stack
    stack.remove()
