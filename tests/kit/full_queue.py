"""A server that listens and never accepts: once its queue is full, the kernel drops clients."""

import socket
from contextlib import suppress
from typing import Self

from client.address import Address


class FullQueue:
    """`fill` connects as many clients as fit."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.address = Address(*self._listener.getsockname())
        self._waiting: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (*self._waiting, self._listener):
            connection.close()

    def fill(self) -> None:
        while True:
            connection = socket.socket()
            connection.settimeout(0.1)
            try:
                connection.connect(self.address)
            except TimeoutError:
                connection.close()
                return
            self._waiting.append(connection)

    def empty(self) -> None:
        self._listener.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                self._listener.accept()[0].close()
