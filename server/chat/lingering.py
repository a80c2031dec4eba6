"""Closes connections once their last words are read, without holding up the caller.

The listener keeps accepting while it refuses clients, and a drain does not wait for one client
before it tells the next: one thread closes all these connections, each within a second.
"""

import queue
import threading
import time

import structlog

from server.chat.connection import LINGER_SECONDS
from server.chat.protocol import Dialect
from server.chat.tls import AnyConnection

PLACES = 16  # connections in the queue; any more are closed without lingering

log = structlog.get_logger()


class Lingering:
    """Sends last words to many connections, and closes them in one thread."""

    def __init__(self, dialect: type[Dialect]) -> None:
        self._dialect = dialect
        self._leaving: queue.Queue[tuple[AnyConnection, float] | None] = queue.Queue(PLACES)
        self._thread = threading.Thread(target=self._see_out, name="lingering", daemon=True)
        self._thread.start()

    def say(self, connection: AnyConnection, code: str) -> None:
        """Send the error if that does not block, and close the connection soon after."""
        connection.end_output(self._dialect.error(code), 0)
        try:
            self._leaving.put_nowait((connection, time.monotonic() + LINGER_SECONDS))
        except queue.Full:
            connection.close()

    def _see_out(self) -> None:
        # One after the other is enough, because the deadlines run in parallel.
        while (leaving := self._leaving.get()) is not None:
            connection, deadline = leaving
            try:
                connection.linger(deadline)
            except Exception:  # a bug costs only this client its last words
                log.exception("lingering failed")
                connection.close()

    def shutdown(self) -> None:
        """Close the connections that are left, within LINGER_SECONDS."""
        self._leaving.put(None)
        self._thread.join()
