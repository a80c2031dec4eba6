"""`docker stop`: the server drains, and its clients lose nothing."""

import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from tests.kit.images import Client, Server
from tests.kit.waiting import wait_until

QUICK = "to and fro\n#pause 0.01\n"
GRACE = 15  # seconds, as in compose.yaml


def docker_stop(server: Server) -> float:
    """Stop it and return how many seconds that took."""
    began = time.monotonic()
    server.get_wrapped_container().stop(timeout=GRACE)
    return time.monotonic() - began


def test_in_the_midst_of_talk_nothing_that_was_received_is_left_unanswered(
    start_server: Callable[..., Server], start_client: Callable[..., Client]
) -> None:
    server = start_server()
    clients = [start_client("--repeat", "forever", script=QUICK) for _ in range(3)]
    wait_until(lambda: all(client.answered().total() > 10 for client in clients))

    assert docker_stop(server) < GRACE / 3
    assert server.exit_code() == 0
    server.start_again()
    wait_until(lambda: all(len(client.answered()) == 2 for client in clients))
    assert [client.terminate() for client in clients] == [0, 0, 0]

    received = Counter(event["peer"] for event in server.events("received from the client"))
    assert received == sum((client.answered() for client in clients), Counter())


def test_idle_clients_are_told_and_do_not_hold_it_up(start_server: Callable[..., Server]) -> None:
    server = start_server()
    with ExitStack() as stack:
        peers = [stack.enter_context(socket.create_connection(server.address)) for _ in range(3)]
        inputs = [stack.enter_context(peer.makefile("rb")) for peer in peers]
        assert all(heard.readline().startswith(b"+OK ") for heard in inputs)

        assert docker_stop(server) < 3
        assert server.exit_code() == 0
        assert all(heard.read().startswith(b"-ERR closing: ") for heard in inputs)
