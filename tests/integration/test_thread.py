"""The default model: a thread for every client, proven from both ends and by the kernel."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.kit.images import Client, Server
from tests.kit.waiting import wait_until

Lanes = tuple[Server, list[Client]]


@pytest.fixture
def lanes(start_server: Callable[..., Server], start_client: Callable[..., Client]) -> Lanes:
    """A server and three clients that talk on and on; all three are being served."""
    server = start_server()
    clients = [start_client("--repeat", "forever") for _ in range(3)]
    wait_until(lambda: server.snapshot()["serving"] == 3)
    return server, clients


def test_the_greetings_name_a_thread_for_every_client(lanes: Lanes) -> None:
    _, clients = lanes
    wait_until(lambda: all(client.greeted_by() for client in clients))
    assert sorted(client.greeted_by() for client in clients) == [
        ["Thread-1"],
        ["Thread-2"],
        ["Thread-3"],
    ]


def test_the_status_page_shows_three_threads_that_serve_at_the_same_time(lanes: Lanes) -> None:
    server, _ = lanes
    sessions = server.sessions()
    assert [session["state"] for session in sessions] == ["serving"] * 3
    assert [session["thread"] for session in sessions] == ["Thread-1", "Thread-2", "Thread-3"]
    assert len({session["native_id"] for session in sessions}) == 3
    assert all(session["served_at"] and not session["closed_at"] for session in sessions)


def test_the_kernel_lists_the_three_threads_in_the_servers_process(lanes: Lanes) -> None:
    server, _ = lanes
    assert {session["native_id"] for session in server.sessions()} < server.os_threads()


def test_told_to_stop_each_client_has_had_an_answer_to_every_message(lanes: Lanes) -> None:
    server, clients = lanes
    wait_until(lambda: all(client.answered() for client in clients))
    assert [client.terminate() for client in clients] == [0, 0, 0]
    for summary in (client.summary() for client in clients):
        assert summary["answered"] == summary["messages"] > 0
    wait_until(lambda: server.snapshot()["open"] == 0)
    by_server = {session["peer"]: session["messages"] for session in server.sessions()}
    assert sum((client.answered() for client in clients), Counter()) == by_server
    assert {session["end"] for session in server.sessions()} == {"bye"}
