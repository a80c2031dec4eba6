"""A session over TLS: a handshake in the session's own thread, then a session like any other.

A silent or slow client holds up no other: it takes one place until its time is up.
"""

import contextlib
import time

import structlog

from server.chat.connection import LINGER_SECONDS
from server.chat.endpoint import HandshakeFailed
from server.chat.session import Session
from server.chat.tls import TlsConnection

log = structlog.get_logger()


class TlsSession(Session):
    """The server's side of one conversation over TLS."""

    _connection: TlsConnection

    def run(self) -> None:
        """Shake hands, and serve the client if that succeeds; raises nothing."""
        if not self._registry.begin_handshake(self._record):
            return  # it was dismissed while it waited
        try:
            name = self._connection.handshake(self._patience.handshake)
        except HandshakeFailed as failure:
            self._refuse(failure)
        except Exception:  # a bug is logged, and ends only this session
            log.exception("handshake failed", peer=self._record.peer)
            self._refuse(HandshakeFailed("handshake", "internal server error"))
        else:
            log.info("shook hands", peer=self._record.peer, **({"client": name} if name else {}))
            self._registry.end_handshake(self._record, name)
            super().run()

    def _refuse(self, failure: HandshakeFailed) -> None:
        """Refuse the client, with an alert that it can read."""
        reason = "closing" if self._ending else failure.reason
        log.info("refused", peer=self._record.peer, reason=reason, why=str(failure))
        with contextlib.suppress(OSError):  # the client has gone
            self._connection.end_output(b"", self._patience.send)
        self._connection.linger(time.monotonic() + LINGER_SECONDS)
        self._leave(self.number)  # first: the next session may get its number
        self._registry.withdraw(self._record, reason)
