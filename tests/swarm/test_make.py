"""The two commands that the README begins and ends with, on a swarm."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.kit.containers import CLIENT_IMAGE, PROJECT, SERVER_IMAGE
from tests.kit.http_get import get_sessions
from tests.swarm.stack import Stack, run, well

SWARM = "scripts/swarm"
NOBODY = "127.0.0.1:1/lab"  # no registry
# An engine in a state that the one here is not in, which writes down what it is told.
ENGINE = """#!/bin/sh
echo "$*" >>"$TOLD"
case "$*" in
"info "*) echo "$STATE" ;;
"node inspect "*) echo "$LABEL" ;;
"node ls "*) echo this ;;
"service ls "*) echo "$OTHERS" ;;
"network ls --filter driver=overlay "*) echo ingress ;;
"run "*) exit "$IPVS" ;;
"stack deploy --compose-file "*) env | grep ^LANES_ >>"$TOLD" ;;
esac
"""
MODPROBE = """#!/bin/sh
exit "$IPVS"
"""
LEAVE = "swarm leave --force"


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Iterator[str]:
    """What its stack is called, here and in the commands."""
    assert not stack.left()
    monkeypatch.setenv("LANES_STACK", PROJECT)
    yield PROJECT
    run("make", "swarm-down")


def test_make_swarm_says_who_served_whom_and_make_swarm_down_leaves_nothing(
    name: str, stack: Stack, swarm: docker.DockerClient
) -> None:
    state = swarm.info()["Swarm"]
    shown = well("make", "swarm")
    table = re.findall(rf"^ *\d+ +{name}_client\.(\d) .*(server-\d/Thread-\d)", shown, re.MULTILINE)
    assert {client for client, _ in table} == set("123456")
    assert len({thread for _, thread in table}) == len(table) == 6
    assert f"docker service scale {name}_server=4" in shown
    assert len(stack.running("server")) == 2
    pages = map(int, re.findall(r"http://127\.0\.0\.1:(\d+)/", shown))
    told = {get_sessions(page)["replica"] for page in pages}
    assert told <= {"server-1", "server-2"}  # through the routing mesh it is one of them
    assert told

    look = ["python3", "-m", "server", "lanes", "--from", "tasks.server", "--trace", "-"]
    events = json.loads(stack.containers("server")[0].exec_run(look).output)["traceEvents"]
    replicas = [e["args"]["name"].split(" at ")[0] for e in events if e["name"] == "process_name"]
    assert replicas == ["server-1", "server-2"]
    assert sum(event.get("cat") == "session" for event in events) == 6

    assert well("make", "swarm-down") == ""
    assert stack.left() == []
    assert well("make", "swarm-down") == ""
    # It was here before, and stays.
    assert swarm.info()["Swarm"]["Cluster"]["ID"] == state["Cluster"]["ID"]


@pytest.mark.usefixtures("name")
def test_make_swarm_again_has_fresh_servers_and_as_many_as_asked(stack: Stack) -> None:
    for count, model in (("1", "thread"), ("2", "lock")):
        well("make", "swarm", f"SERVERS={count}", "CLIENTS=2", f"MODEL={model}")
        snapshots = stack.snapshots()
        assert [snapshot["model"] for snapshot in snapshots] == int(count) * [model]
        assert sum(snapshot["accepted"] for snapshot in snapshots) == 2


@pytest.mark.usefixtures("name")
def test_make_swarm_fails_where_a_client_does(stack: Stack) -> None:
    done = run("make", "swarm", "CLIENTS=2", LANES_REPEAT="never")
    assert done.returncode != 0
    assert "2 of 2 clients failed" in done.stderr
    assert stack.running("server")


@pytest.mark.usefixtures("name")
def test_an_image_that_is_not_there_is_told_in_one_line() -> None:
    done = run(SWARM, "up", LANES_REGISTRY="nowhere.example.org/")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "No such image: nowhere.example.org/thread-lanes-server" in line


@pytest.mark.usefixtures("name")
def test_a_registry_that_does_not_answer_is_told_in_one_line(swarm: docker.DockerClient) -> None:
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


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: str) -> Path:  # noqa: ARG001 - set it
    """What the other engine is told, a line each."""
    for name, program in (("docker", ENGINE), ("modprobe", MODPROBE)):
        (tmp_path / name).write_text(program, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    return tmp_path / "told"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("active false", "this engine is a worker"),
        ("locked false", "this engine's swarm is locked"),
        ("pending false", "this engine's swarm is pending"),
    ],
)
@pytest.mark.usefixtures("told")
def test_an_engine_that_cannot_deploy_is_told_in_one_line(state: str, why: str) -> None:
    done = run(SWARM, "up", STATE=state)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"swarm: {why}")


@pytest.mark.parametrize(
    ("label", "others", "leaves"),
    [
        ("made", "", True),
        ("", "", False),  # somebody else's
        ("made", "thread-lanes_server", False),  # other services have moved in
    ],
)
def test_make_swarm_down_ends_the_swarm_that_it_made_and_nothing_else_runs_on(
    told: Path, label: str, others: str, *, leaves: bool
) -> None:
    assert well(SWARM, "down", STATE="active true", LABEL=label, OTHERS=others) == ""
    assert (LEAVE in told.read_text(encoding="utf-8").splitlines()) is leaves


def test_make_swarm_makes_a_swarm_on_loopback_where_there_is_none(told: Path) -> None:
    run(SWARM, "up", STATE="inactive false", LANES_PATIENCE="0")
    [made] = [line for line in told.read_text("utf-8").splitlines() if line.startswith("swarm ")]
    assert made == "swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1"


@pytest.mark.parametrize(
    ("ipvs", "chosen"),
    [
        ("0", {"ENDPOINT_MODE": "vip", "PORT_MODE": "ingress", "PORT": "0", "STATUS_PORT": "0"}),
        ("1", {"PORT": "0", "STATUS_PORT": "0"}),  # what stack.yaml has by itself
    ],
)
def test_one_address_and_the_mesh_are_chosen_where_the_kernel_can(
    told: Path, ipvs: str, chosen: dict[str, str]
) -> None:
    run(SWARM, "up", STATE="active true", LANES_PATIENCE="0", IPVS=ipvs)
    lines = told.read_text("utf-8").splitlines()
    variables = dict(line.split("=", 1) for line in lines if line.startswith("LANES_"))
    for name in ("LANES_PATIENCE", "LANES_REGISTRY"):  # not of the choice
        variables.pop(name, None)
    assert variables == {f"LANES_{name}": value for name, value in chosen.items()}


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"SERVERS": "0"}, "SERVERS=0 is no number of servers"),
        ({"SERVERS": "x"}, "SERVERS=x is no number of servers"),
        ({"CLIENTS": "-1"}, "CLIENTS=-1 is no number of clients"),
    ],
)
def test_a_wrong_number_is_told_before_anything_is_removed(
    told: Path, variables: dict[str, str], why: str
) -> None:
    done = run(SWARM, "up", STATE="active true", **variables)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith(f"swarm: {why}")
    assert "stack rm" not in told.read_text("utf-8")


@pytest.mark.parametrize("command", ["up", "down"])
@pytest.mark.usefixtures("project")
def test_where_no_engine_answers_that_is_said(command: str) -> None:
    done = run(SWARM, command, DOCKER_HOST="unix:///nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("swarm: no Docker engine answers")
