"""What a contender costs before anybody says much: memory for each idle client, time to start."""

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator

from bench.contenders import Contender, Running, running

IDLE = 1000  # clients
SETTLED = 16  # clients before, for what is only paid once
SECONDS = 20.0  # for a reply, for the server to be healthy


def idle_memory(server: Running) -> float:
    """KiB for each client that was greeted, has been answered once and says nothing more."""
    with contextlib.ExitStack() as stack:
        for _ in range(SETTLED):
            stack.enter_context(_answered(server.port))
        before = server.resident()
        for _ in range(IDLE):
            stack.enter_context(_answered(server.port))
        return (server.resident() - before) / IDLE


@contextlib.contextmanager
def _answered(port: int) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", port), SECONDS) as one:
        one.sendall(b"Hey Server!!! What will we do in today's lab????\n")
        heard = b""
        while not heard.endswith(b"programming\r\n"):  # the reply, after the greeting
            heard += one.recv(1024) or _hung_up()
        yield


def _hung_up() -> bytes:
    raise ConnectionError("the server hung up")


def start_time(contender: Contender) -> float:
    """Milliseconds from the start of its process until it greets."""
    with running(contender, core=None) as server:
        return 1000 * server.start_seconds


def healthy_time(contender: Contender) -> float:
    """Milliseconds from the start of our server's process until /healthz says so."""
    began = time.monotonic()
    with running(contender, core=None) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.status_port, timeout=SECONDS)
        connection.request("GET", "/healthz")
        if connection.getresponse().status != http.HTTPStatus.OK:
            raise ConnectionError("the server is not well")
        connection.close()
        return 1000 * (time.monotonic() - began)
