"""Closes connections whose last words should be read, without holding up the caller.

The listener keeps accepting while it turns clients away, and a drain does not wait for one client
before it tells the next: one thread sees them all out, each within a second.
"""

import queue
import threading
import time

import structlog

from server.chat.connection import LINGER_SECONDS
from server.chat.protocol import Dialect
from server.chat.tls import AnyConnection

PLACES = 16  # connections queued to be seen out; more are closed without lingering

log = structlog.get_logger()


class Lingering:
    """Last words for many connections, one thread to see them out."""

    def __init__(self, dialect: type[Dialect]) -> None:
        self._dialect = dialect
        self._leaving: queue.Queue[tuple[AnyConnection, float] | None] = queue.Queue(PLACES)
        self._thread = threading.Thread(target=self._see_out, name="lingering", daemon=True)
        self._thread.start()

    def say(self, connection: AnyConnection, code: str) -> None:
        """Tell the client why if that does not block, and close the connection soon after."""
        connection.end_output(self._dialect.error(code), 0)
        try:
            self._leaving.put_nowait((connection, time.monotonic() + LINGER_SECONDS))
        except queue.Full:
            connection.close()

    def _see_out(self) -> None:
        # One after the other is enough, since the deadlines run side by side.
        while (leaving := self._leaving.get()) is not None:
            connection, deadline = leaving
            try:
                connection.linger(deadline)
            except Exception:  # a bug costs this one's last words, and no other's
                log.exception("lingering failed")
                connection.close()

    def shutdown(self) -> None:
        """See out those that are left, for at most LINGER_SECONDS."""
        self._leaving.put(None)
        self._thread.join()
