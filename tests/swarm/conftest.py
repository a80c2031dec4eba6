"""A swarm of one node: the one that is here, or one on loopback for as long as the tests take."""

from collections.abc import Iterator

import docker
import pytest

from tests.kit.containers import STACK_LABEL, was_left_behind
from tests.kit.http_get import LOOPBACK
from tests.swarm.stack import Stack, run


@pytest.fixture(scope="session")
def swarm(engine: docker.DockerClient) -> Iterator[docker.DockerClient]:
    state = engine.info()["Swarm"]
    here = state["LocalNodeState"] == "active"
    if not here:
        engine.swarm.init(advertise_addr=LOOPBACK, listen_addr=LOOPBACK)
    elif not state["ControlAvailable"] or state["Nodes"] != 1:
        pytest.fail("the tests need a swarm of this one engine, or none", pytrace=False)
    try:
        sweep(engine)
        yield engine
    finally:
        if not here and not engine.services.list():
            engine.swarm.leave(force=True)


def sweep(engine: docker.DockerClient) -> None:
    labelled = {"label": STACK_LABEL}
    labels = [service.attrs["Spec"]["Labels"] for service in engine.services.list(filters=labelled)]
    labels += [network.attrs["Labels"] for network in engine.networks.list(filters=labelled)]
    for name in {each[STACK_LABEL] for each in labels}:
        if was_left_behind(name):
            run("docker", "stack", "rm", name)


@pytest.fixture
def stack(swarm: docker.DockerClient, project: str) -> Iterator[Stack]:  # noqa: ARG001 - set it
    stack = Stack(swarm)
    yield stack
    stack.remove()
