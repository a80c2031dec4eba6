"""Connections of this process to itself, and what the kernel reports about them."""

import os
import socket
from contextlib import ExitStack
from typing import Self

from lanes.watch.sockets import Connection, Listening, Sockets


def inode(of: socket.socket) -> int:
    return os.fstat(of.fileno()).st_ino


class Meeting:
    """A listener, its clients, and the connections at its port as `Sockets` sees them."""

    def __init__(self, host: str = "127.0.0.1", *, dual: bool = False) -> None:
        self.stack = ExitStack()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = self.stack.enter_context(
            socket.create_server(
                (host, 0), family=family, backlog=7, reuse_port=True, dualstack_ipv6=dual
            )
        )
        self.name = self.listener.getsockname()
        self.port = self.name[1]
        self.sockets = self.stack.enter_context(Sockets(os.getpid()))
        assert self.sockets.source == "netlink"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def connect(self, host: str = "127.0.0.1") -> socket.socket:
        return self.stack.enter_context(socket.create_connection((host, self.port)))

    def accept(self) -> socket.socket:
        return self.stack.enter_context(self.listener.accept()[0])

    def met(self) -> tuple[socket.socket, socket.socket]:
        return self.connect(), self.accept()

    def all(self) -> list[Connection]:
        return self.sockets.connections({self.port})

    def one(self) -> Connection:
        [connection] = self.all()
        return connection

    def listening(self, sockets: Sockets) -> list[Listening]:
        return [row for row in sockets.listening() if row.port == self.port]
