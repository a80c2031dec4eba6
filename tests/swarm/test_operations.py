"""Servers are added, removed, replaced and killed while clients talk: nothing is lost."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from docker.models.containers import Container

from tests.kit.command import well
from tests.kit.confinement import LIMITS, is_powerless, limits, mounted, processes, writable
from tests.kit.containers import PROJECT
from tests.kit.json_log import Event, events, records
from tests.kit.rounds import Rounds
from tests.swarm.stack import Stack, snapshot_of, wait_until

CROWD = 6
CROWDS = 5
TASKS = {f"{PROJECT}_client.{slot}" for slot in range(1, CROWD + 1)}
REPLICAS = {"server-1", "server-2"}


def replica_of(thread: str) -> str:
    return thread.partition("/")[0]


class Load:
    """Two servers, and clients that play their script until they are stopped.

    Each client tries the addresses in random order, so in one of 32 crowds, all six clients choose
    the same replica. So this starts crowds until both replicas have been chosen.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        stack.deploy(SERVERS="2", CLIENTS="0", LANES_REPEAT="forever")
        wait_until(lambda: len(stack.running("server")) == 2)
        for _ in range(CROWDS):
            stack.scale("client", CROWD)
            self._clients = stack.containers("client")
            self.goes_on()
            self.first_served, self.first_told = self.sessions(), self.threads()
            if {replica_of(session["thread"]) for session in self.first_served} == REPLICAS:
                break
            stack.scale("client", 0)

    def sessions(self) -> list[dict[str, Any]]:
        """Return the sessions that the servers report as open."""
        every = [session for each in self.stack.snapshots() for session in each["sessions"]]
        return [session for session in every if session["state"] != "closed"]

    def goes_on(self) -> None:
        """Wait until each client has received another reply."""
        now = datetime.now(UTC)
        wait_until(lambda: all(has_replied(client, now) for client in self._clients))

    def threads(self) -> list[list[str]]:
        """Return the replicas and threads that have greeted each client, in order."""
        greeted = [events(client.logs(), "greeted") for client in self._clients]
        return [[greeting["thread"] for greeting in greetings] for greetings in greeted]

    def check(self) -> None:
        """Check that all clients go on, and that none has lost a reply or logged an error."""
        self.goes_on()
        for client in self._clients:
            check_complete(records(client.logs()))

    def ends_well(self) -> None:
        """Stop the clients; each must report that all was well."""
        for client in self._clients:
            client.kill("SIGTERM")
        wait_until(lambda: self.stack.finished("client") == CROWD * [0])
        for client in self._clients:
            logged = records(client.logs())
            [summary] = [event for event in logged if event["event"] == "summary"]
            assert summary["messages"] == summary["answered"] == check_complete(logged)


def has_replied(client: Container, since: datetime) -> bool:
    replies = events(client.logs(since=since), "reply")
    return any(datetime.fromisoformat(reply["time"]) > since for reply in replies)


def check_complete(logged: list[Event]) -> int:
    """Check that all messages were answered, in order, without an error; return how many."""
    replies = [event["number"] for event in logged if event["event"] == "reply"]
    assert replies == list(range(1, len(replies) + 1))
    assert "error" not in {event["level"] for event in logged}
    return len(replies)


@pytest.fixture(scope="module")
def load(stack: Stack) -> Iterator[Load]:
    load = Load(stack)
    yield load
    load.ends_well()


def test_every_client_has_a_thread_of_its_own_and_both_replicas_serve(load: Load) -> None:
    # The clients and both replicas report the same.
    threads = {session["thread"] for session in load.first_served}
    assert sorted([thread] for thread in threads) == sorted(load.first_told)
    assert len(threads) == len(load.first_served) == CROWD
    assert set(map(replica_of, threads)) == REPLICAS


@pytest.mark.parametrize("name", ["server", "client", "lanes"])
def test_a_task_is_as_confined_as_composes_containers_and_the_servers_are_healthy(
    load: Load, name: str
) -> None:
    container = load.stack.containers(name)[0]
    assert len(processes(container)) >= 3  # init, ours, and the shell that asks
    # A health check's process has privileges until the engine has dropped them.
    wait_until(lambda: all(is_powerless(process) for process in processes(container)))
    assert "ro" in mounted(container, "/")
    assert writable(container) == ["/tmp"]  # noqa: S108 - nothing is made there by this name
    assert limits(container) == LIMITS[name]
    assert container.health == ("healthy" if name == "server" else "unknown")


def test_servers_are_added_removed_and_replaced_under_load_and_nothing_is_lost(
    load: Load, rounds: Rounds
) -> None:
    stack = load.stack
    for _ in range(rounds(1, 5)):
        stack.update("server")
        load.goes_on()
        for count in (4, 1):
            stack.scale("server", count)
            load.goes_on()
        [former], before = stack.snapshots(), load.threads()
        stack.update("server")
        load.check()
        [latter] = stack.snapshots()
        # The only server has been replaced, so all had to move to another of the same name.
        assert latter["replica"] == former["replica"]
        moved = [now[len(then) :] for now, then in zip(load.threads(), before, strict=True)]
        assert all(moved)
        replicas = {replica_of(thread) for threads in moved for thread in threads}
        assert replicas == {latter["replica"]}
        # By now, Swarm has put every client into the DNS. A faster client goes by its address.
        wait_until(lambda: {session["client"] for session in load.sessions()} == TASKS)
        stack.scale("server", 2)


def test_a_killed_replica_is_replaced_and_nothing_is_lost(load: Load) -> None:
    stack, before = load.stack, load.threads()
    old = stack.running("server")
    # By chance, all clients may be at one replica, so take the one with more clients.
    busiest = max(stack.containers("server"), key=lambda server: snapshot_of(server)["open"])
    busiest.kill("SIGKILL")
    wait_until(lambda: len(stack.running("server") - old) == 1)
    wait_until(lambda: len(stack.running("server")) == 2)
    load.check()
    assert len(stack.running("server") & old) == 1
    assert sum(map(len, load.threads())) >= sum(map(len, before)) + CROWD / 2


def test_an_update_that_does_not_start_is_rolled_back_and_nothing_is_lost(load: Load) -> None:
    stack = load.stack
    old = stack.running("server")
    broken = ("docker", "service", "update", "--detach", "--env-add", "LANES_MODEL=nonsense")
    well(*broken, f"{PROJECT}_server")
    wait_until(lambda: stack.update_state("server") == "rollback_completed")
    load.check()
    wait_until(lambda: len(stack.running("server")) == 2)
    assert stack.running("server") & old  # no more than one was touched
