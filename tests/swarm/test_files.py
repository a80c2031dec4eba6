"""compose.yaml and stack.yaml describe the same containers, for Compose and for Swarm."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import click
import pytest

from client.__main__ import main as client
from lanes.__main__ import main as lanes
from server.command import main as server
from tests.kit.command import well

SERVICES = ("server", "client", "lanes")
CERTS = "certs"  # it fills volumes with certificates; in a swarm these are secrets
# How each of them builds, starts and counts containers. Swarm has no `security_opt`; instead, no
# file of the images is set-uid or set-gid (tests/integration/test_images.py).
COMPOSE_ALONE = {"build", "depends_on", "pull_policy", "scale", "security_opt"}
STACK_ALONE = {"deploy"}
# With several servers: which one this is, and where all of them are.
SEVERAL = {
    "server": {"LANES_REPLICA": "server-{{.Task.Slot}}"},
    "client": {"LANES_SERVER": "tasks.server:2022"},
    "lanes": {"LANES_FROM": "tasks.server", "LANES_SEEN": ""}
    | {"LANES_PUBLISHED": "0", "LANES_TALK": ""},
}
CHAT = "docker compose run --rm --no-deps client chat --ask"
OTHERWISE = {
    "LANES_REGISTRY": "registry.example.org/lab/",
    "LANES_MODEL": "lock",
    "LANES_WORKERS": "7",
    "LANES_PROTOCOL": "handout",
    "LANES_LOG_LEVEL": "warning",
    "LANES_WORK": "spin:20",
    "LANES_REPEAT": "forever",
    "LANES_CPUS": "all",
    "LANES_MAX_CLIENTS": "7",
    "LANES_GRACE": "3",
    "LANES_LOG_FORMAT": "json",
    "LANES_CHECK_TIMEOUT": "1",
}
# Fixed in a container: where it listens, which server it asks, what is watched, a file outside it.
OWN = {
    "server": {"LANES_HOST", "LANES_PORT", "LANES_STATUS_PORT"},
    "client": {"LANES_SERVER", "LANES_SCRIPT"},
    "lanes": {"LANES_FROM", "LANES_SEEN", "LANES_PAGE_HOST", "LANES_PAGE_PORT"}
    | {"LANES_PUBLISHED", "LANES_TALK"}
    | {"LANES_CHECK_PID", "LANES_CHECK_CONTAINER"},
}
# What each service trusts over TLS, and what it shows.
SHOWN = {
    "server": ("authority.pem", "server.pem", "server.key"),
    "client": ("authority.pem", "client.pem", "client.key"),
    "lanes": ("authority.pem", "client.pem", "client.key"),
}
PROGRAMS = [("server", server), ("client", client), ("lanes", lanes)]
FREE_THREADED = "thread-lanes-python:free-threaded"
STACK = ("docker", "stack", "config", "--compose-file", "stack.yaml")
Settings = dict[str, Any]


@cache
def compose(*file: str, says: str = "", **variables: str) -> dict[str, Settings]:
    """Return the services of compose.yaml, or of another file."""
    words = ("docker", "compose", *file, "config", "--format", "json")
    services: dict[str, Settings] = json.loads(well(*words, says=says, **variables))["services"]
    return services


def stack(*overlay: str, **variables: str) -> dict[str, Settings]:
    """Return stack.yaml's services. Compose makes the JSON, which `docker stack config` lacks."""
    return compose("--file", "-", says=well(*STACK, *overlay, **variables))


def files_of(service: Settings) -> set[str]:
    """Return the files that its variables for TLS name."""
    variables = service["environment"].items()
    return {value for variable, value in variables if variable.startswith("LANES_TLS_")}


def targets(service: Settings) -> list[int]:
    return [port["target"] for port in service.get("ports", [])]


def translated(service: Settings, several: dict[str, str]) -> Settings:
    """Return compose.yaml's settings of a service, in the form of stack.yaml."""
    said = {key: service[key] for key in service if key not in COMPOSE_ALONE}
    said["volumes"] = [{"type": "tmpfs", "target": path} for path in said.pop("tmpfs")]
    said["limits"] = {"memory": said.pop("mem_limit"), "pids": said.pop("pids_limit")}
    return said | {"ports": targets(service), "environment": service["environment"] | several}


def comparable(service: Settings) -> Settings:
    """Return stack.yaml's settings of a service, except those that Compose lacks."""
    said = {key: service[key] for key in service if key not in STACK_ALONE}
    limits = service["deploy"]["resources"]["limits"]
    return said | {"limits": limits, "ports": targets(service)}


@pytest.mark.parametrize("variables", [{}, OTHERWISE], ids=["by default", "all changed"])
def test_both_files_describe_the_same_services_alike(variables: dict[str, str]) -> None:
    ours, theirs = compose(**variables), stack(**variables)
    assert set(ours) - {CERTS} == set(theirs) == set(SERVICES)
    for name in SERVICES:
        assert comparable(theirs[name]) == translated(ours[name], SEVERAL[name])
        # The image is built here; no registry is asked for it.
        assert ours[name]["pull_policy"] == "never"
        assert ours[name]["build"]["dockerfile"] == f"Dockerfile.{name}"


@pytest.mark.parametrize(
    ("variables", "base"),
    [
        ({"PYTHON_IMAGE": ""}, "python:3.15-slim-trixie"),
        ({"PYTHON_IMAGE": "stand-in"}, "stand-in"),
        ({"PYTHON_IMAGE": "stand-in", "LANES_PYTHON": "free-threaded"}, FREE_THREADED),
    ],
)
def test_all_images_have_the_python_that_you_ask_for(variables: dict[str, str], base: str) -> None:
    services = compose(**{"LANES_PYTHON": ""} | variables)
    found = {name: one["build"]["args"] for name, one in services.items() if "build" in one}
    assert found == {name: {"PYTHON_IMAGE": base} for name in SERVICES}


def variables_of(command: click.Command, prefix: str) -> Iterator[str]:
    """Yield the variables that the command's help names."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            if found := command.get_command(click.Context(command), name):
                yield from variables_of(found, f"{prefix}_{name.upper()}")
    for option in command.params:
        if isinstance(option, click.Option) and option.show_envvar:
            yield str(option.envvar or f"{prefix}_{str(option.name).upper()}")


def test_with_tls_both_ends_know_where_the_certificates_are() -> None:
    without, with_tls = compose(), compose(LANES_TLS="on")
    assert [services[CERTS]["scale"] for services in (without, with_tls)] == [0, 1]
    for name, shown in SHOWN.items():
        assert files_of(with_tls[name]) == {f"/certificates/{one}" for one in shown}
        [volume] = with_tls[name]["volumes"]
        whose = shown[1].partition(".")[0]
        assert (volume["source"], volume["read_only"]) == (f"{whose}-certificates", True)


@pytest.mark.parametrize(
    ("variables", "published", "typed"),
    [
        ({"LANES_PORT": "2122"}, "2122", ""),
        ({"LANES_PORT": "2022-2031"}, "2022-2031", ""),
        ({"LANES_TLS": "on"}, "2022", "LANES_TLS=on"),
        ({"LANES_TLS": "off"}, "2022", "LANES_TLS=off"),
        (
            {"LANES_TLS": "on", "LANES_PROTOCOL": "handout"},
            "2022",
            "LANES_TLS=on LANES_PROTOCOL=handout",
        ),
    ],
)
def test_the_page_is_told_how_the_server_is_reached_from_this_machine(
    variables: dict[str, str], published: str, typed: str
) -> None:
    told = compose(**{"LANES_PORT": "2022", "LANES_PROTOCOL": "", "LANES_TLS": ""} | variables)
    environment = told["lanes"]["environment"]
    assert environment["LANES_PUBLISHED"] == published
    assert environment["LANES_TALK"] == (f"{typed} {CHAT}" if typed else "")


def test_in_a_swarm_certificates_are_secrets_and_keys_private_to_the_user() -> None:
    services = stack("--compose-file", "stack.tls.yaml", LANES_CERTIFICATES="/nowhere")
    for name, shown in SHOWN.items():
        assert files_of(services[name]) == {f"/run/secrets/{one}" for one in shown}
        secrets = {one["source"]: one for one in services[name]["secrets"]}
        assert set(secrets) == set(shown)
        [key] = [one for source, one in secrets.items() if source.endswith(".key")]
        assert (key["uid"], key["gid"], key["mode"]) == ("10001", "10001", 0o400)


@pytest.mark.parametrize(("name", "command"), PROGRAMS, ids=SERVICES)
def test_each_variable_that_the_help_names_reaches_the_container(
    name: str, command: click.Command
) -> None:
    # `lanes watch` is a service with its own options.
    named = {one for one in variables_of(command, "LANES") if not one.startswith("LANES_WATCH_")}
    assert OWN[name] <= named
    values = {variable: f"as {variable} says" for variable in named - OWN[name]}
    reached = compose(**values)[name]["environment"]
    assert {variable: reached.get(variable) for variable in values} == values


@pytest.mark.parametrize(
    ("name", "command"),
    [("server", server), ("client", client.commands["run"]), ("client", client.commands["chat"])],
)
def test_an_unset_variable_leaves_the_programs_default(name: str, command: click.Command) -> None:
    def read() -> Settings:
        with command.make_context(name, [], auto_envvar_prefix="LANES") as context:
            return {key: str(value) for key, value in context.params.items()}

    environment = compose()[name]["environment"]
    with pytest.MonkeyPatch.context() as patch:
        defaults = read()
        for variable in environment:
            patch.setenv(variable, "")
        assert read() == defaults


def test_a_new_server_is_there_before_an_old_one_goes_and_clients_run_once() -> None:
    server, client = (stack()[name]["deploy"] for name in ("server", "client"))
    one_by_one = {"parallelism": 1, "order": "start-first"}
    assert server["update_config"] == {**one_by_one, "failure_action": "rollback"}
    assert server["rollback_config"] == one_by_one
    assert server["restart_policy"] == {"condition": "any", "delay": "1s"}
    assert client["restart_policy"] == {"condition": "none"}
    assert "\nnetworks:\n  lanes:\n    driver: overlay\n" in well(*STACK)


def test_variables_set_the_number_of_tasks_and_whether_they_share_a_port() -> None:
    published = [stack()[name]["ports"] for name in ("server", "lanes")]
    assert stack()["server"]["deploy"]["endpoint_mode"] == "dnsrr"
    assert [[port["mode"] for port in ports] for ports in published] == [["host"], ["host"]]
    assert not any("published" in ports[0] for ports in published)  # 0: the engine chooses

    ports = {"LANES_PORT": "2022", "LANES_STATUS_PORT": "8022", "LANES_PORT_MODE": "ingress"}
    services = stack(LANES_ENDPOINT_MODE="vip", SERVERS="5", CLIENTS="70", **ports)
    server, client = (services[name]["deploy"] for name in ("server", "client"))
    assert (server["replicas"], client["replicas"]) == (5, 70)
    assert server["endpoint_mode"] == "vip"
    published = [services[name]["ports"][0] for name in ("server", "lanes")]
    found = [(port["mode"], port["published"], port["target"]) for port in published]
    assert found == [("ingress", "2022", 2022), ("ingress", "8022", 8022)]
