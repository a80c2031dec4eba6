"""Servers behind one name, and a thread of one of them for each client."""

from typing import Any

from docker.models.containers import Container

from tests.kit.confinement import (
    LIMITS,
    inside,
    is_powerless,
    lends_rights,
    limits,
    mounted,
    processes,
)
from tests.kit.containers import PROJECT
from tests.kit.waiting import wait_until
from tests.swarm.stack import Stack, events

CROWDS = 5
CROWD = 6


def told(client: Container) -> str:
    """Which replica and thread the client was told that it is served by."""
    [greeting] = events(client, "greeted")
    return str(greeting["thread"])


def sessions(stack: Stack) -> list[dict[str, Any]]:
    return [session for each in stack.snapshots() for session in each["sessions"]]


def test_every_client_has_a_thread_of_its_own_and_both_replicas_serve(stack: Stack) -> None:
    stack.deploy(SERVERS="2", CLIENTS="0")
    wait_until(lambda: len(stack.running("server")) == 2)
    everybody: list[str] = []
    # Each client takes the addresses in an order of chance: of six, all go to the same replica once
    # in 32 crowds, of 30 never. So there are crowds until both replicas have been chosen.
    for _ in range(CROWDS):
        stack.scale("client", 0)
        wait_until(lambda: not stack.containers("client", ended=True))
        stack.deploy(SERVERS="2", CLIENTS=str(CROWD))
        wait_until(lambda: len(stack.finished("client")) == CROWD)
        assert stack.finished("client") == CROWD * [0]
        crowd = [told(client) for client in stack.containers("client", ended=True)]
        assert len(set(crowd)) == CROWD
        everybody += crowd
        if len({name.partition("/")[0] for name in everybody}) == 2:
            break
    # By what the clients were told, and by what both replicas say: the same.
    assert len(set(everybody)) == len(everybody)
    served = sessions(stack)
    assert sorted(session["thread"] for session in served) == sorted(everybody)
    assert {session["replica"] for session in served} == {"server-1", "server-2"}
    assert all(s["thread"].startswith(f"{s['replica']}/") for s in served)
    assert {s["end"] for s in served} == {"bye"}
    tasks = {f"{PROJECT}_client.{slot}" for slot in range(1, CROWD + 1)}
    assert {session["client"] for session in served} == tasks


def test_a_task_is_as_confined_as_composes_containers_and_is_asked_whether_it_is_well(
    stack: Stack,
) -> None:
    stack.deploy(SERVERS="1", CLIENTS="1", LANES_REPEAT="forever")
    for name in ("server", "client"):
        wait_until(lambda name=name: stack.running(name))  # type: ignore[misc]  # a default
        [container] = stack.containers(name)
        running = processes(container)
        assert len(running) >= 3  # init, ours, and the shell that asks
        assert all(is_powerless(process) for process in running)
        assert lends_rights(container) == ""
        assert "ro" in mounted(container, "/")
        assert "Read-only file system" in inside(container, "touch /lab/probe 2>&1")
        assert inside(container, "touch /tmp/probe 2>&1 && ls /tmp") == "probe\n"
        assert limits(container) == LIMITS[name]
    [server] = stack.containers("server")
    server.reload()
    assert server.health == "healthy"
