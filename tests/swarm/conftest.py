"""A swarm of one node: the existing one, or one on loopback for as long as the tests take."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import docker
import pytest

from tests.kit.command import run, well
from tests.kit.containers import PREFIX, STACK_LABEL, was_left_behind
from tests.kit.http_get import LOOPBACK
from tests.swarm.stack import Stack

HERE = Path(__file__).parent  # elsewhere, a fixture `swarm` need not be the engine's
MADE = "thread-lanes.tests"  # a label of the node: the test session that made the swarm


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Tests that need the swarm run on one worker, which makes it once."""
    for item in items:
        if "swarm" in item.fixturenames and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("swarm"))


@pytest.fixture(scope="session")
def turn() -> Iterator[None]:
    """Wait for the swarm: an engine has only one, so only one run at a time may use it."""
    with (Path(gettempdir()) / "thread-lanes-tests-swarm").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held until the file is closed, however this process ends
        yield


@pytest.fixture(scope="session")
def swarm(turn: None, engine: docker.DockerClient) -> docker.DockerClient:  # noqa: ARG001 - it waits
    state = engine.info()["Swarm"]
    if state["LocalNodeState"] != "active":
        engine.swarm.init(advertise_addr=LOOPBACK, listen_addr=LOOPBACK)
    elif not state["ControlAvailable"] or state["Nodes"] != 1:
        pytest.fail("the tests need a swarm of this one engine, or none", pytrace=False)
    elif not made_by().startswith(PREFIX) or not was_left_behind(made_by()):
        sweep(engine)  # the swarm is not ours
        return engine
    in_a_worker = "PYTEST_XDIST_WORKER" in os.environ
    session = f"{PREFIX}{os.getppid() if in_a_worker else os.getpid()}"
    well("docker", "node", "update", "--label-add", f"{MADE}={session}", engine.info()["Name"])
    sweep(engine)
    return engine


def made_by() -> str:
    """Return the test session that made the swarm, or "" if none did."""
    label = f'{{{{index .Spec.Labels "{MADE}"}}}}'
    return run("docker", "node", "inspect", "self", "--format", label).stdout.strip()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave the swarm that this session made, once all of its tests have ended.

    An engine that leaves a swarm forgets the names on all of its networks, including Compose's.
    """
    in_a_worker = hasattr(session.config, "workerinput")
    if not in_a_worker and made_by() == f"{PREFIX}{os.getpid()}":
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
