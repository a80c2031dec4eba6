"""`docker stop`: the server drains, and its clients lose nothing."""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta

from tests.kit.images import Client, Server
from tests.kit.peer import Peer
from tests.kit.waiting import wait_until

QUICK = "to and fro\n#pause 0.01\n"
STOP_GRACE = 15  # seconds until it would be killed, as in compose.yaml
ANSWERING = timedelta(seconds=4)  # the part of the server's grace in which it may still answer


def drain_time(server: Server) -> timedelta:
    """Return the time from the signal to the end of the last session, by the server's log."""
    began, ended = (
        datetime.fromisoformat(event["time"])
        for name in ("draining", "stopped")
        for event in server.events(name)
    )
    return ended - began


def test_nothing_received_is_left_unanswered_and_idle_clients_get_closing(
    start_server: Callable[..., Server], start_client: Callable[..., Client]
) -> None:
    server = start_server()
    clients = [start_client("--repeat", "forever", script=QUICK) for _ in range(3)]
    wait_until(lambda: all(client.answered().total() > 10 for client in clients), pause=0.1)
    with ExitStack() as stack:
        idle = [stack.enter_context(Peer(server.chat)) for _ in range(3)]
        assert all(peer.line().startswith("+OK ") for peer in idle)
        server.get_wrapped_container().stop(timeout=STOP_GRACE)
        assert server.exit_code() == 0
        assert all(peer.rest().startswith(b"-ERR closing: ") for peer in idle)
    assert drain_time(server) < ANSWERING

    server.start_again()
    wait_until(lambda: all(len(client.answered()) == 2 for client in clients), pause=0.1)
    assert [client.terminate() for client in clients] == [0, 0, 0]
    wait_until(lambda: server.snapshot()["open"] == 0)
    assert {session["end"] for session in server.sessions()} == {"bye"}
    for summary in (client.summary() for client in clients):
        assert summary["answered"] == summary["messages"]

    received = Counter(event["peer"] for event in server.events("received from the client"))
    assert received == sum((client.answered() for client in clients), Counter())
