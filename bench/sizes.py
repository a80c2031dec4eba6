"""What a contender costs without load: memory for each idle client, and time to start."""

import contextlib
import time
from collections.abc import Iterator

from bench.contenders import MESSAGE, Contender, Running, running

IDLE = 1000  # clients
SETTLED = 16  # clients that connect first, to pay one-time costs


def idle_memory(server: Running) -> float:
    """Return KiB for each client that has been greeted, was answered once and is now idle."""
    with contextlib.ExitStack() as stack:
        for _ in range(SETTLED):
            stack.enter_context(_answered(server))
        before = server.resident()
        for _ in range(IDLE):
            stack.enter_context(_answered(server))
        return (server.resident() - before) / IDLE


@contextlib.contextmanager
def _answered(server: Running) -> Iterator[None]:
    with server.connect() as one:
        one.sendall(MESSAGE)
        heard = b""
        while not heard.endswith(b"programming\r\n"):  # the reply, after the greeting
            heard += one.recv(1024) or _hung_up()
        yield


def _hung_up() -> bytes:
    raise ConnectionError("the server hung up")


def start_time(contender: Contender) -> float:
    """Return milliseconds from the start of the process until its first greeting."""
    with running(contender, core=None) as server:
        return 1000 * server.start_seconds


def healthy_time(contender: Contender) -> float:
    """Return milliseconds from the start of our server's process until /healthz returns 200."""
    began = time.monotonic()
    with running(contender, core=None) as server:
        server.ask("/healthz")
        return 1000 * (time.monotonic() - began)
