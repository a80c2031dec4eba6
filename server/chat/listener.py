"""Accepts connections and hands each to the model; on a signal, drains.

It runs in the main thread. `accept` never blocks: `poll` waits for a connection and for the stop
signal's socket at the same time. A signal handler could not reliably end a blocking `accept`: a
signal just before the call would be noticed only after the next connection.
"""

import select
import socket
from collections.abc import Callable

import structlog

from server.chat.connection import Connection, set_timeout
from server.chat.lingering import Lingering
from server.chat.models import Model
from server.chat.record import Record
from server.chat.registry import Refusal, Registry
from server.chat.resolver import Resolver
from server.chat.session import Patience, Session
from server.chat.tls import AnyConnection

BACKLOG = 4096  # connections that the kernel completes before they are accepted
PAUSE = 100  # milliseconds to wait when the system is out of resources
ANSWERING = 0.8  # the share of a drain's grace; in the rest, clients read the last answers
ABORT_SECONDS = 0.25  # how long sessions that a drain resets may take to end

log = structlog.get_logger()


class Listener:
    """Listens on a bound socket, at `address`."""

    def __init__(
        self,
        bound: socket.socket,
        *,
        model: Model,
        registry: Registry,
        lingering: Lingering,
        resolver: Resolver | None,
        patience: Patience,
        converse: Callable[[AnyConnection, Record, Callable[[int], object]], Session],
        secure: Callable[[Connection], AnyConnection] = lambda connection: connection,
    ) -> None:
        self._socket = bound
        self._socket.setblocking(False)
        # Every accepted socket inherits these: setting them on each would be 7 % of a visit.
        set_timeout(self._socket, socket.SO_RCVTIMEO, patience.idle)
        set_timeout(self._socket, socket.SO_SNDTIMEO, patience.send)
        self._patience = patience
        self._socket.listen(BACKLOG)
        self.address = _address(self._socket.getsockname())
        self._model = model
        self._registry = registry
        self._lingering = lingering
        self._resolver = resolver  # None if clients prove their names
        self._converse = converse
        self._secure = secure
        self._sessions: dict[int, Session] = {}  # by number; each removes itself

    def serve(self, stop: socket.socket) -> None:
        """Accept connections until `stop` is readable."""
        log.info("listening", address=self.address)
        stopped, either = select.poll(), select.poll()
        stopped.register(stop, select.POLLIN)
        either.register(stop, select.POLLIN)
        either.register(self._socket, select.POLLIN)
        while stop.fileno() not in dict(either.poll()):
            try:
                accepted, peer = self._socket.accept()
            except BlockingIOError:
                continue  # the connection has gone again
            except OSError as error:
                # Usually out of descriptors or memory (accept(2)). The connection stays in the
                # backlog and `poll` would return at once, so pause, unless a signal comes.
                log.warning("cannot accept, trying again", error=str(error))
                stopped.poll(PAUSE)
            else:
                self._admit(accepted, _address(peer))

    def _admit(self, accepted: socket.socket, peer: str) -> None:
        connection = self._connection(accepted)
        record = self._registry.admit(peer)
        if record is None:
            self._refuse(connection, peer, "busy")
            return
        if self._resolver:  # now: once the client is gone, so is its name
            self._resolver.look_up(record)
        log.info("connected", peer=peer)
        session = self._converse(connection, record, self._sessions.pop)
        self._sessions[session.number] = session
        try:
            self._model.submit(session)
        except RuntimeError:  # can't start new thread
            if self._registry.withdraw(record, "busy"):
                del self._sessions[session.number]
                self._turn_away(connection, peer, "busy")

    def _connection(self, accepted: socket.socket) -> AnyConnection:
        return self._secure(Connection(accepted, self._patience.idle, self._patience.send))

    def _refuse(self, connection: AnyConnection, peer: str, reason: Refusal) -> None:
        self._registry.refuse(reason)
        self._turn_away(connection, peer, reason)

    def _turn_away(self, connection: AnyConnection, peer: str, reason: Refusal) -> None:
        log.info("refused", peer=peer, reason=reason)
        self._lingering.say(connection, reason)

    def drain(self, grace: float) -> None:
        """Stop accepting and let every session answer what it has received.

        Sessions that have not ended after `grace` seconds are reset.
        """
        log.info("draining", open=self._registry.snapshot().open, grace=grace)
        self._refuse_backlog()
        self._socket.close()
        # Waiting sessions go first, so that none gets the place of a served one that leaves.
        serving = [session for session in list(self._sessions.values()) if not session.dismiss()]
        for session in serving:
            session.stop(ANSWERING * grace)
        if not self._registry.wait_until_empty(grace):
            for session in serving:
                session.abort()
            self._registry.wait_until_empty(ABORT_SECONDS)
        self._model.shutdown()
        self._lingering.shutdown()
        if self._resolver:
            self._resolver.shutdown()
        log.info("stopped")

    def _refuse_backlog(self) -> None:
        # Closing the listening socket would reset its backlog, so tell those clients why first.
        for _ in range(BACKLOG):
            try:
                accepted, peer = self._socket.accept()
            except OSError:  # the backlog is empty, or no descriptor is free
                return
            self._refuse(self._connection(accepted), _address(peer), "closing")


def _address(sockaddr: tuple[str, int] | tuple[str, int, int, int]) -> str:
    host, port = sockaddr[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
