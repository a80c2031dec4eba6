"""`make swarm` and `make swarm-down`, and what scripts/swarm reports if it fails."""

import json
import re
from collections.abc import Iterator

import docker
import pytest

from tests.kit.command import run, well
from tests.kit.containers import CLIENT_IMAGE, SERVER_IMAGE
from tests.kit.http_get import get
from tests.swarm.stack import Stack

SWARM = "scripts/swarm"
NOBODY = "127.0.0.1:1/lab"  # no registry


@pytest.fixture
def name(project: str, monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Iterator[str]:
    """The stack's name, here and in the commands."""
    assert not stack.left()
    monkeypatch.setenv("LANES_STACK", project)
    yield project
    run(SWARM, "down")


def test_make_swarm_starts_fresh_shows_who_served_whom_and_leaves_no_trace(
    name: str, stack: Stack, swarm: docker.DockerClient
) -> None:
    state = swarm.info()["Swarm"]
    clients_that_fail = {"LANES_REPEAT": "never"}
    done = run("make", "swarm", "SERVERS=1", "CLIENTS=2", "MODEL=lock", **clients_that_fail)
    assert done.returncode != 0
    assert "2 of 2 clients failed" in done.stderr
    assert [snapshot["model"] for snapshot in stack.snapshots()] == ["lock"]

    shown = well("make", "swarm")
    assert [snapshot["model"] for snapshot in stack.snapshots()] == ["thread", "thread"]
    table = re.findall(r"^ *\d+ +(\S+) .*(server-\d/Thread-\d)", shown, re.MULTILINE)
    clients, threads = ({row[column] for row in table} for column in (0, 1))
    assert len(clients) == len(threads) == len(table) == 6
    # If the engine's DNS is too busy to answer in a second, a client keeps its address for a name.
    named = {f"{name}_client.{number}" for number in range(1, 7)}
    assert clients & named
    assert all(re.fullmatch(r"10\.[\d.]+:\d+", client) for client in clients - named)
    assert f"docker service scale {name}_server=4" in shown
    [page] = map(int, re.findall(r"http://127\.0\.0\.1:(\d+)/", shown))
    for replica in ("server-1", "server-2"):
        assert json.loads(get(page, f"/sessions.json?replica={replica}").body)["replica"] == replica

    look = ["python3", "-m", "lanes", "trace", "-"]
    events = json.loads(stack.containers("lanes")[0].exec_run(look).output)["traceEvents"]
    replicas = [e["args"]["name"].split(" at ")[0] for e in events if e["name"] == "process_name"]
    assert replicas == ["server-1", "server-2"]
    assert sum(event.get("cat") == "session" for event in events) == 6

    for _ in range(2):
        done = run("make", "swarm-down")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert stack.left() == []
    # The swarm was here before, and stays.
    assert swarm.info()["Swarm"]["Cluster"]["ID"] == state["Cluster"]["ID"]


@pytest.mark.usefixtures("name")
def test_missing_or_unpushable_images_are_reported_in_one_line(
    swarm: docker.DockerClient,
) -> None:
    done = run(SWARM, "up", LANES_REGISTRY="nowhere.example.org/")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "No such image: nowhere.example.org/thread-lanes-server" in line

    names = [f"{NOBODY}/thread-lanes-{half}" for half in ("server", "client")]
    for name, image in zip(names, (SERVER_IMAGE, CLIENT_IMAGE), strict=True):
        swarm.images.get(image).tag(name)
    try:
        done = run(SWARM, "up", REGISTRY=NOBODY)
    finally:
        for name in names:
            swarm.images.remove(name)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"swarm: the images cannot be pushed to {NOBODY}: ")
