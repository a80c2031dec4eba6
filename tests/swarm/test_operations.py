"""Servers come, go, are replaced and killed under clients that never stop: nothing is lost."""

from datetime import UTC, datetime

import pytest

from tests.kit.containers import PROJECT
from tests.kit.waiting import wait_until
from tests.swarm.stack import Stack, events, snapshot_of, well

CROWD = 6
ROUNDS = 5


class Load:
    """Clients that play their script until they are told to stop."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        stack.deploy(SERVERS="2", CLIENTS=str(CROWD), LANES_REPEAT="forever")
        wait_until(lambda: len(stack.running("server")) == 2)
        wait_until(lambda: len(stack.running("client")) == CROWD)
        self._clients = stack.containers("client")
        self.goes_on()

    def goes_on(self) -> None:
        """Wait until each client has had a reply since now."""
        now = datetime.now(UTC)
        wait_until(lambda: all(times and times[-1] > now for times in self._replied()))

    def _replied(self) -> list[list[datetime]]:
        return [
            [datetime.fromisoformat(reply["time"]) for reply in events(client, "reply")]
            for client in self._clients
        ]

    def ends_well(self) -> None:
        """Stop the clients: each knows that all was well, and its log has nothing else."""
        for client in self._clients:
            client.kill("SIGTERM")
        wait_until(lambda: len(self._stack.finished("client")) == CROWD)
        for client in self._clients:
            logged = events(client)
            [summary] = [event for event in logged if event["event"] == "summary"]
            replies = [event["number"] for event in logged if event["event"] == "reply"]
            assert summary["messages"] == summary["answered"]
            assert replies == list(range(1, summary["messages"] + 1))
            assert not [event for event in logged if event["level"] == "error"]
        assert self._stack.finished("client") == CROWD * [0]

    def threads(self) -> list[list[str]]:
        """Which replicas and threads have greeted each client, in order."""
        greeted = [events(client, "greeted") for client in self._clients]
        return [[greeting["thread"] for greeting in greetings] for greetings in greeted]


@pytest.mark.parametrize("_round", range(1, ROUNDS + 1))
def test_under_load_servers_are_added_taken_away_and_replaced_and_nothing_is_lost(
    stack: Stack, _round: int
) -> None:
    load = Load(stack)
    stack.update("server")
    load.goes_on()
    for count in (4, 1):
        stack.scale("server", count)
        load.goes_on()
    [former], before = stack.snapshots(), load.threads()
    stack.update("server")
    load.goes_on()
    [latter] = stack.snapshots()
    load.ends_well()
    # The one that was left has been replaced, so all had to move: to another of the same name.
    assert latter["replica"] == former["replica"]
    moved = [now[len(then) :] for now, then in zip(load.threads(), before, strict=True)]
    assert all(moved)
    replicas = {thread.partition("/")[0] for threads in moved for thread in threads}
    assert replicas == {latter["replica"]}


def test_a_replica_that_is_killed_is_replaced_and_nothing_is_lost(stack: Stack) -> None:
    load = Load(stack)
    old, before = stack.running("server"), load.threads()
    # By chance all clients may be with one replica: the one with more of them it is.
    busiest = max(stack.containers("server"), key=lambda server: snapshot_of(server)["open"])
    busiest.kill("SIGKILL")
    wait_until(lambda: len(stack.running("server") - old) == 1)
    wait_until(lambda: len(stack.running("server")) == 2)
    load.goes_on()
    load.ends_well()
    assert len(stack.running("server") & old) == 1
    assert sum(map(len, load.threads())) >= sum(map(len, before)) + CROWD / 2


def test_an_update_whose_servers_do_not_start_is_taken_back_and_nothing_is_lost(
    stack: Stack,
) -> None:
    load = Load(stack)
    old = stack.running("server")
    broken = ("docker", "service", "update", "--detach", "--env-add", "LANES_MODEL=nonsense")
    well(*broken, f"{PROJECT}_server")
    wait_until(lambda: stack.update_state("server") == "rollback_completed")
    load.goes_on()
    load.ends_well()
    assert len(stack.running("server")) == 2
    assert stack.running("server") & old  # no more than one was touched
