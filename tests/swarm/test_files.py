"""compose.yaml and stack.yaml: the same containers, in the words of two engines."""

import json
from typing import Any

import pytest

from tests.swarm.stack import run, well

pytestmark = pytest.mark.usefixtures("project")

SERVICES = ("server", "client")
# How one engine builds, starts and counts them. Swarm has no `security_opt`: that nothing in the
# images lends rights stands for it (tests/integration/test_images.py).
COMPOSE_ALONE = ("build", "depends_on", "pull_policy", "scale", "security_opt")
STACK_ALONE = ("deploy",)
# Where there are several servers: which one it is, and where all are.
SEVERAL = {
    "server": {"LANES_REPLICA": "server-{{.Task.Slot}}"},
    "client": {"LANES_SERVER": "tasks.server:2022"},
}
OTHERWISE = {
    "LANES_REGISTRY": "registry.example.org/lab/",
    "LANES_MODEL": "lock",
    "LANES_WORKERS": "7",
    "LANES_PROTOCOL": "handout",
    "LANES_LOG_LEVEL": "warning",
    "LANES_WORK": "spin:20",
    "LANES_REPEAT": "forever",
}
Settings = dict[str, Any]


def compose(**variables: str) -> dict[str, Settings]:
    """compose.yaml's services."""
    said = well("docker", "compose", "config", "--format", "json", **variables)
    services: dict[str, Settings] = json.loads(said)["services"]
    return services


def stack(**variables: str) -> dict[str, Settings]:
    """stack.yaml's services: `docker stack config` has no JSON, so Compose makes it of that."""
    text = well("docker", "stack", "config", "--compose-file", "stack.yaml", **variables)
    reader = 'printf %s "$TEXT" | docker compose --file - config --format json'
    done = run("sh", "-c", reader, TEXT=text)
    assert done.returncode == 0, done.stderr
    services: dict[str, Settings] = json.loads(done.stdout)["services"]
    return services


def targets(service: Settings) -> list[int]:
    return [port["target"] for port in service.get("ports", [])]


def translated(service: Settings) -> Settings:
    """What compose.yaml says of a service, as stack.yaml has to say it."""
    said = {key: service[key] for key in service if key not in COMPOSE_ALONE}
    said["volumes"] = [{"type": "tmpfs", "target": path} for path in said.pop("tmpfs")]
    said["limits"] = {"memory": said.pop("mem_limit"), "pids": said.pop("pids_limit")}
    return said | {"ports": targets(service)}


def comparable(service: Settings) -> Settings:
    """What stack.yaml says of one, but for what Compose has no word for."""
    said = {key: service[key] for key in service if key not in STACK_ALONE}
    limits = service["deploy"]["resources"]["limits"]
    return said | {"limits": limits, "ports": targets(service)}


@pytest.mark.parametrize("variables", [{}, OTHERWISE], ids=["by default", "all otherwise"])
@pytest.mark.parametrize("name", SERVICES)
def test_both_files_say_the_same_of_a_container(name: str, variables: dict[str, str]) -> None:
    wanted = translated(compose(**variables)[name])
    wanted["environment"] |= SEVERAL[name]
    assert comparable(stack(**variables)[name]) == wanted


def test_both_files_have_the_same_services_and_no_other() -> None:
    assert set(compose()) == set(stack()) == set(SERVICES)


def test_variables_say_how_many_tasks_there_are() -> None:
    services = stack(SERVERS="5", CLIENTS="70")
    assert [services[name]["deploy"]["replicas"] for name in SERVICES] == [5, 70]


def test_a_port_is_each_tasks_own_unless_variables_choose_the_routing_mesh() -> None:
    server = stack()["server"]
    assert server["deploy"]["endpoint_mode"] == "dnsrr"
    assert [port["mode"] for port in server["ports"]] == ["host", "host"]
    assert not any("published" in port for port in server["ports"])  # 0: the engine chooses

    ports = {"LANES_PORT": "2022", "LANES_STATUS_PORT": "8022", "LANES_PORT_MODE": "ingress"}
    server = stack(LANES_ENDPOINT_MODE="vip", **ports)["server"]
    assert server["deploy"]["endpoint_mode"] == "vip"
    found = [(port["mode"], port["published"], port["target"]) for port in server["ports"]]
    assert found == [("ingress", "2022", 2022), ("ingress", "8022", 8022)]


def test_a_new_server_is_there_before_an_old_one_goes_and_a_bad_one_is_taken_back() -> None:
    deploy = stack()["server"]["deploy"]
    one_by_one = {"parallelism": 1, "order": "start-first"}
    assert deploy["update_config"] == {**one_by_one, "failure_action": "rollback"}
    assert deploy["rollback_config"] == one_by_one


def test_a_server_that_ends_is_started_again_and_a_client_has_had_its_say() -> None:
    policies = {name: stack()[name]["deploy"]["restart_policy"] for name in SERVICES}
    assert policies == {
        "server": {"condition": "any", "delay": "1s"},
        "client": {"condition": "none"},
    }


def test_they_meet_on_an_overlay_network_of_their_own() -> None:
    text = well("docker", "stack", "config", "--compose-file", "stack.yaml")
    assert "\nnetworks:\n  lanes:\n    driver: overlay\n" in text
