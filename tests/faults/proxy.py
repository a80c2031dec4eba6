"""A proxy between one client and a server, which breaks what it carries.

    with Proxy(("127.0.0.1", 2022), [Fault("client", "cut", after=30)]) as proxy: ...

The client's first connection gets the first 30 bytes that the server says, and in place of the
31st the end of the stream. Later ones are carried faithfully, for the faults are used up.
"""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterable
from typing import Literal, NamedTuple, Self

from server.connection import RESET_ON_CLOSE
from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

CHUNK = 64 * 1024  # bytes

End = Literal["client", "server"]
Kind = Literal["cut", "reset", "swallow"]


class Fault(NamedTuple):
    """What becomes of the bytes of one connection on their way towards one of its ends."""

    towards: End = "client"
    kind: Kind = "cut"
    after: int | None = None  # so many bytes pass, and the fault takes the place of the next
    size: int = CHUNK  # of a packet, at most
    delay: float = 0.0  # seconds before each packet


FAITHFUL = Fault()


class Proxy:
    """Carries one connection after the other, in a thread of its own; `port` is where."""

    def __init__(self, server: tuple[str, int], faults: Iterable[Fault]) -> None:
        self.struck = 0  # faults that took the place of a byte
        self._server = server
        self._faults = iter(faults)
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
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
                with client, socket.create_connection(self._server, SECONDS) as server:
                    self._carry(client, server, next(self._faults, FAITHFUL))

    def _carry(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        """Carry bytes both ways until an end leaves or the fault comes; both are closed then."""
        ways = {
            client: _Way(client, server, fault if fault.towards == "server" else FAITHFUL),
            server: _Way(server, client, fault if fault.towards == "client" else FAITHFUL),
        }
        # An end that is gone, however it went, is gone for the other one too.
        with contextlib.suppress(ConnectionError):
            while ready := select.select(ways, [], [], SECONDS)[0]:
                if not all(ways[source].carry() for source in ready):
                    break
        if any(way.struck for way in ways.values()):
            self.struck += 1
            if fault.kind == "reset":
                for end in ways:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


class _Way:
    """One of a connection's two directions."""

    def __init__(self, source: socket.socket, sink: socket.socket, fault: Fault) -> None:
        self.struck = False
        self._source = source
        self._sink = sink
        self._fault = fault
        self._left = fault.after  # bytes that may still pass; None: all
        sink.settimeout(SECONDS)
        sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a packet is a packet

    def carry(self) -> bool:
        """Pass on what has arrived, as far as it may pass; False where that was the end."""
        packet = self._source.recv(self._fault.size)
        time.sleep(self._fault.delay)
        passing = packet[: self._left]
        self._sink.sendall(passing)
        if self._left is not None:
            self._left -= len(passing)
        if packet == passing:
            return packet != b""
        self.struck = True
        return self._fault.kind == "swallow"
