"""The server is killed, or was never there: what a client makes of that."""

from collections.abc import Callable

import pytest

from tests.kit.images import Client, Server
from tests.kit.waiting import wait_until

NUMBERS = list(range(1, 61))
SCRIPT = "#pause 0.1\n".join(f"message {number}\n" for number in NUMBERS)


def test_killed_and_started_again_under_three_clients_each_message_is_answered_once_and_in_order(
    start_server: Callable[..., Server], start_client: Callable[..., Client]
) -> None:
    server = start_server()
    clients = [start_client(script=SCRIPT) for _ in range(3)]
    wait_until(lambda: all(client.answered() for client in clients))

    server.get_wrapped_container().kill()
    assert not any(client.events("summary") for client in clients), "the kill came too late"
    server.start_again()

    assert [client.exit_code() for client in clients] == [0, 0, 0]
    for client in clients:
        assert [reply["number"] for reply in client.events("reply")] == NUMBERS
        assert client.summary()["answered"] == client.summary()["messages"] == len(NUMBERS)
        assert len(client.answered()) == 2
    for client in clients:
        received = [
            int(event["text"].removeprefix("message "))
            for event in server.events("received from the client")
            if event["peer"] in client.answered()
        ]
        assert received == sorted(received)


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("nobody:2022", "the name nobody is not known here"),
        ("server:9", "refused the connection: is the server running, and the port right?"),
    ],
)
def test_where_no_server_answers_one_clear_line_says_so_while_the_client_tries_on(
    start_server: Callable[..., Server],
    start_client: Callable[..., Client],
    address: str,
    complaint: str,
) -> None:
    start_server()
    client = start_client("--server", address, "--log-format", "console")
    wait_until(client.output)
    [line] = client.output().splitlines()
    assert "warning: no connection, trying again" in line
    assert complaint in line
    assert client.terminate() == 0
    assert "Traceback" not in client.output()
