"""What scripts/swarm asks of an engine that is in another state than the one here."""

from pathlib import Path

import pytest

from tests.kit.command import run, well
from tests.kit.fake_program import put_on_path

SWARM = "scripts/swarm"
# Records its commands.
ENGINE = """#!/bin/sh
echo "$*" >>"$TOLD"
case "$*" in
"info "*) echo "$STATE" ;;
"node inspect "*) echo "$LABEL" ;;
"node ls "*) echo this ;;
"service ls "*) echo "$OTHERS" ;;
"ps --quiet") echo "$RUNNING" ;;
"network ls --filter driver=overlay "*) echo ingress ;;
"run "*) exit "$IPVS" ;;
"stack deploy --compose-file "*) env | grep ^LANES_ >>"$TOLD" ;;
esac
"""
MODPROBE = '#!/bin/sh\nexit "$IPVS"\n'


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with the engine's commands, one per line."""
    for name, program in (("docker", ENGINE), ("modprobe", MODPROBE)):
        put_on_path(monkeypatch, tmp_path, name, program)
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("STATE", "active true")
    monkeypatch.setenv("LANES_PATIENCE", "0")
    return tmp_path / "told"


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"STATE": "active false"}, "this engine is a worker"),
        ({"STATE": "locked false"}, "this engine's swarm is locked"),
        ({"SERVERS": "0"}, "SERVERS=0 is not a number from 1"),
        ({"CLIENTS": "-1"}, "CLIENTS=-1 is not a number from 0"),
    ],
)
def test_an_impossible_request_is_one_line_and_removes_nothing(
    told: Path, variables: dict[str, str], why: str
) -> None:
    done = run(SWARM, "up", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"swarm: {why}")
    assert "stack rm" not in told.read_text("utf-8")


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_missing_engine_is_reported(command: str) -> None:
    done = run(SWARM, command, DOCKER_HOST="unix:///nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("swarm: no Docker engine answers")


@pytest.mark.parametrize(
    ("variables", "leaves"),
    [
        ({"LABEL": "made"}, True),
        ({"LABEL": ""}, False),  # another swarm
        ({"LABEL": "made", "OTHERS": "thread-lanes_server"}, False),  # services have moved in
        ({"LABEL": "made", "RUNNING": "4f5e"}, False),  # a demo would lose its names
    ],
)
def test_make_swarm_down_ends_its_own_swarm_unless_something_else_uses_it(
    told: Path, variables: dict[str, str], *, leaves: bool
) -> None:
    assert well(SWARM, "down", **variables) == ""
    assert ("swarm leave --force" in told.read_text("utf-8").splitlines()) is leaves


def test_make_swarm_creates_a_swarm_on_loopback_if_there_is_none(told: Path) -> None:
    run(SWARM, "up", STATE="inactive false")
    [made] = [line for line in told.read_text("utf-8").splitlines() if line.startswith("swarm ")]
    assert made == "swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1"


@pytest.mark.parametrize(
    ("ipvs", "chosen"),
    [
        ("0", {"ENDPOINT_MODE=vip", "PORT_MODE=ingress", "PORT=2022", "STATUS_PORT=8022"}),
        ("1", set()),  # the defaults of stack.yaml
    ],
)
def test_one_address_and_the_mesh_are_used_if_the_kernel_can(
    told: Path, ipvs: str, chosen: set[str]
) -> None:
    run(SWARM, "up", IPVS=ipvs)
    lines = told.read_text("utf-8").splitlines()
    told_of = {line.removeprefix("LANES_") for line in lines if line.startswith("LANES_")}
    others = ("PATIENCE=", "REGISTRY=")
    assert {line for line in told_of if not line.startswith(others)} == chosen
