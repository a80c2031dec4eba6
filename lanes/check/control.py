"""A correct server of our own: how long a visit takes right now, however busy the machine is."""

import socket
import threading
import time
from contextlib import suppress
from typing import Self

WORD = b"Hey"
SECONDS = 10.0  # for one visit: none has ever taken that long


class Control:
    """Answers each client once, until the block ends."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._thread.join()
        self._listener.close()

    def visit(self) -> float:
        """Connect, send, read the answer and leave; return the seconds that this took."""
        began = time.monotonic()
        with (
            suppress(OSError),
            socket.create_connection(self._listener.getsockname(), SECONDS) as one,
        ):
            one.sendall(WORD)
            one.recv(len(WORD))
        return time.monotonic() - began

    def _serve(self) -> None:
        with suppress(OSError):  # the listener was shut down
            while True:
                client, _ = self._listener.accept()
                with client, suppress(OSError):
                    client.settimeout(SECONDS)
                    client.sendall(client.recv(len(WORD)))
