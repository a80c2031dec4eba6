"""Closes connections whose last words should be read, without holding up whoever asks.

The listener must go on accepting while it turns clients away, and a drain must not wait for one
client before it tells the next. They say `-ERR ...` without waiting and leave the lingering close
to the one thread here, which gives every connection the same second from when it was told.
"""

import queue
import threading
import time

import structlog

from server.connection import LINGER_SECONDS, Connection
from server.protocol import Dialect

PLACES = 16  # connections that queue to be seen out; more are closed without lingering

log = structlog.get_logger()


class Farewell:
    """Last words for many connections, one thread to see them out."""

    def __init__(self, dialect: type[Dialect]) -> None:
        self._dialect = dialect
        self._leaving: queue.Queue[tuple[Connection, float] | None] = queue.Queue(PLACES)
        self._thread = threading.Thread(target=self._see_out, name="farewell", daemon=True)
        self._thread.start()

    def say(self, connection: Connection, code: str) -> None:
        """Tell the client why, if that needs no waiting, and close the connection soon after."""
        connection.end_output(self._dialect.error(code), 0)
        try:
            self._leaving.put_nowait((connection, time.monotonic() + LINGER_SECONDS))
        except queue.Full:
            connection.close()

    def _see_out(self) -> None:
        # One after the other is enough: the deadlines run side by side, so those that had to
        # queue behind a client that stays are past theirs when their turn comes.
        while (leaving := self._leaving.get()) is not None:
            connection, deadline = leaving
            try:
                connection.linger(deadline)
            except Exception:  # a fault of ours costs this one's last words, and no other's
                log.exception("farewell failed")
                connection.close()

    def shutdown(self) -> None:
        """See out those that are left: LINGER_SECONDS at most."""
        self._leaving.put(None)
        self._thread.join()
