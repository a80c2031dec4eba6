"""The other end of a connection, which a test controls."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from tests.kit.waiting import SECONDS


def reset_on_close(connection: socket.socket) -> None:
    """Make closing this connection reset the other end: SO_LINGER, socket(7)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def deaf(address: tuple[str, int], said: bytes = b"", room: int = 4096) -> socket.socket:
    """Return a client that sends this, and has little room for answers until it reads."""
    peer = socket.socket()
    peer.settimeout(SECONDS)
    # Set before connecting, because the window depends on it.
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    peer.connect(address)
    peer.sendall(said)
    return peer


@contextmanager
def accepted() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield a server's end of a connection and its peer, both with small buffers."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        deaf(listening.getsockname()) as peer,
        listening.accept()[0] as end,
    ):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        yield end, peer


class Peer:
    """A client that sends exactly what a test wants; `address` is HOST:PORT."""

    def __init__(
        self, address: str, seconds: float = SECONDS, tls: ssl.SSLContext | None = None
    ) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host.strip("[]"), int(port)), seconds)
        if tls:  # an end without a goodbye must be an error
            self.socket = tls.wrap_socket(
                self.socket, server_hostname="localhost", suppress_ragged_eofs=False
            )
        self._input = self.socket.makefile("rb")

    @property
    def name(self) -> str:
        """Its own address, as written in the server's records."""
        host, port = self.socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def send(self, chunk: bytes) -> None:
        self.socket.sendall(chunk)

    def line(self) -> str:
        return self._input.readline().decode()

    def say(self, text: str) -> str:
        """Send a line and read the next one."""
        self.send(f"{text}\n".encode())
        return self.line()

    def is_greeted(self) -> bool:
        return self.line().startswith("+OK ")

    def is_answered(self) -> bool:
        return self.say("are you there?").startswith("+OK ")

    def rest(self) -> bytes:
        """Read up to the end of the stream."""
        return self._input.read()

    def close(self) -> None:
        self._input.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
