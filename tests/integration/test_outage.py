"""What a client does if the server was never there."""

from collections.abc import Callable

from tests.kit.images import Client
from tests.kit.waiting import wait_until

COMPLAINTS = {
    "nobody:2022": "the name 'nobody' is not known here",
    "127.0.0.1:9": "refused the connection: is the server running, and the port right?",
}


def test_if_no_server_answers_one_line_says_so_while_the_client_retries(
    start_client: Callable[..., Client],
) -> None:
    for address, complaint in COMPLAINTS.items():
        client = start_client("--server", address, "--log-format", "console")
        wait_until(client.output, pause=0.1)
        [line] = client.output().splitlines()
        assert "warning: no connection, trying again" in line
        assert complaint in line
        assert client.terminate() == 0
        assert "Traceback" not in client.output()
