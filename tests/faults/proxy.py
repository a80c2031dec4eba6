"""A faulty proxy between one client and a server.

Each fault applies to one connection, in order; later connections are carried faithfully. With
`Fault("client", "cut", after=30)` the client gets 30 bytes from the server and, in place of the
31st, the end of the stream.
"""

import contextlib
import select
import socket
import threading
import time
from typing import Literal, NamedTuple, Self

from tests.kit.http_get import LOOPBACK
from tests.kit.peer import reset_on_close
from tests.kit.waiting import SECONDS

CHUNK = 64 * 1024  # bytes

End = Literal["client", "server"]
Kind = Literal["cut", "reset", "swallow"]


class Fault(NamedTuple):
    """What happens to the bytes of one connection on their way to one of its ends."""

    towards: End = "client"
    kind: Kind = "cut"
    after: int | None = None  # this many bytes pass, and the fault replaces the next one
    size: int = CHUNK  # of a packet, at most
    delay: float = 0.0  # seconds before each packet


class Proxy:
    """Carries one connection after the other, in its own thread; listens on `port`."""

    def __init__(self, server: tuple[str, int], *faults: Fault) -> None:
        self.connections = 0  # carried so far
        self.struck = 0  # faults that replaced a byte
        self._server = server
        self._faults = iter(faults)
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "the proxy still carries something"

    def _serve(self) -> None:
        with self._listener:
            while True:
                try:
                    client, _ = self._listener.accept()
                except OSError:  # the test is over
                    return
                self.connections += 1
                with client, socket.create_connection(self._server, SECONDS) as server:
                    self._carry(client, server, next(self._faults, Fault()))

    def _carry(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        """Carry bytes both ways until an end leaves or the fault comes; both are closed then."""
        sinks = {client: server, server: client}
        faulty = server if fault.towards == "client" else client
        left, struck = fault.after, False  # bytes that may still pass (None: all); whether it came
        for end in sinks:
            end.settimeout(SECONDS)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each send is a packet

        def carry(source: socket.socket) -> bool:
            """Pass on what has arrived, as far as it may pass; return False at the end."""
            nonlocal left, struck
            if source is not faulty:
                packet = source.recv(CHUNK)
                sinks[source].sendall(packet)
                return packet != b""
            packet = source.recv(fault.size)
            time.sleep(fault.delay)
            passing = packet[:left]
            sinks[source].sendall(passing)
            if left is not None:
                left -= len(passing)
            if packet == passing:
                return packet != b""
            struck = True
            return fault.kind == "swallow"

        # If one end goes away, in whatever way, the other one loses its connection too.
        with contextlib.suppress(ConnectionError):
            while ready := select.select(sinks, [], [], SECONDS)[0]:
                if not all(map(carry, ready)):
                    break
        self.struck += struck
        if struck and fault.kind == "reset":
            for end in sinks:
                reset_on_close(end)
