"""Slow and deaf clients, in a process of their own: they hold a place and do not do their part.

There are three kinds: `drip` begins a line and adds a byte a second, `deaf` asks for more than fits
on the way and never reads, `silent` says nothing at all.
"""

import contextlib
import socket
from typing import NamedTuple

from tests.faults.companion import Call, Companion
from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

# The replies to so many empty lines, 80 bytes each, are more than both ends' kernels hold of them.
QUESTIONS = b"\n" * 4000
RECEIVE_BUFFER = 4096  # bytes: the deaf ones' end of it

END = {"drip": "slow", "deaf": "unread", "silent": "idle"}  # how the server should record it


class Connected(NamedTuple):
    """One of them."""

    kind: str
    connection: socket.socket


class SlowClients(Companion[dict[str, str]]):
    """So many of each kind, greeted and at it when it is entered, until `finish`.

    The result says of each by its peer's address, as the server's record has it, of which kind.
    """

    def __init__(self, port: int, of_each: int) -> None:
        super().__init__(_be_slow, port, of_each)


def _be_slow(call: Call, port: int, of_each: int) -> dict[str, str]:
    with contextlib.ExitStack() as stack:
        clients = [
            Connected(kind, stack.enter_context(_connect(kind, port)))
            for _ in range(of_each)
            for kind in END
        ]
        peers = {_name(client.connection): client.kind for client in clients}
        call.ready()
        dripping = [client.connection for client in clients if client.kind == "drip"]
        while not call.over.wait(1.0):
            for connection in dripping:
                with contextlib.suppress(ConnectionError):  # it was shown out
                    connection.send(b"x")
        return peers


def _connect(kind: str, port: int) -> socket.socket:
    connection = socket.socket()
    if kind == "deaf":  # before it connects: the window that it opens depends on it
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    connection.settimeout(SECONDS)
    connection.connect((LOOPBACK, port))
    connection.recv(100)
    match kind:
        case "drip":
            connection.sendall(b"x")
        case "deaf":
            connection.sendall(QUESTIONS)
    return connection


def _name(connection: socket.socket) -> str:
    host, port = connection.getsockname()
    return f"{host}:{port}"
