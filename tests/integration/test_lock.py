"""The lab's mistake: a thread for every client, and one lock that serves them one at a time."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.kit.images import Client, Server
from tests.kit.waiting import wait_until

Lanes = tuple[Server, list[Client]]


@pytest.fixture
def lanes(start_server: Callable[..., Server], start_client: Callable[..., Client]) -> Lanes:
    """A server with one lock and three clients that talk on and on; each has its thread."""
    server = start_server("--model", "lock")
    clients = [start_client("--repeat", "forever") for _ in range(3)]
    wait_until(lambda: len([s for s in server.sessions() if s["native_id"]]) == 3)
    return server, clients


def test_all_three_clients_have_a_thread_but_one_alone_is_greeted(lanes: Lanes) -> None:
    server, clients = lanes
    threads = {session["native_id"] for session in server.sessions()}
    assert len(threads) == 3
    assert threads < server.os_threads()
    wait_until(lambda: all(client.events("connected") for client in clients))
    wait_until(lambda: any(client.answered().total() >= 3 for client in clients))
    assert sorted(len(client.greeted_by()) for client in clients) == [0, 0, 1]
    assert sorted(s["state"] for s in server.sessions()) == ["serving", "waiting", "waiting"]


def test_they_are_served_one_after_another(lanes: Lanes) -> None:
    server, clients = lanes
    waiting = list(clients)
    while waiting:
        wait_until(lambda: any(client.answered() for client in waiting))
        [served] = [client for client in waiting if client.greeted_by()]
        assert served.terminate() == 0
        waiting.remove(served)
    wait_until(lambda: server.snapshot()["open"] == 0)
    in_turn = sorted(server.sessions(), key=lambda session: session["served_at"])
    assert len(in_turn) == 3
    assert all(former["closed_at"] <= latter["served_at"] for former, latter in pairwise(in_turn))
    assert server.snapshot()["peak_serving"] == 1
