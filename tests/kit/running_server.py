"""A server in this process, on its own port."""

import socket
import ssl
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from server.chat.handshake import TlsSession
from server.chat.lingering import Lingering
from server.chat.listener import Listener
from server.chat.models import Model, ThreadPerClient
from server.chat.protocol import DIALECTS
from server.chat.record import Record
from server.chat.registry import Registry
from server.chat.resolver import Resolver
from server.chat.session import Patience, Session
from server.chat.sockets import bind
from server.chat.tls import TlsConnection
from tests.kit.peer import Peer
from tests.kit.waiting import SECONDS, wait_until


class RunningServer:
    """Everything that `python -m server` puts together, except the options and the signals."""

    def __init__(
        self,
        *,
        model: Model | None = None,
        protocol: str = "lines",
        max_clients: int = 8,
        replica: str = "",
        grace: float = 5.0,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        **of_sessions: Any,  # noqa: ANN401 - as `Session` has them
    ) -> None:
        dialect = DIALECTS[protocol]
        self.model = model or ThreadPerClient()
        settings = {"model": "test", "protocol": protocol, "replica": replica}
        self.registry = Registry(max_clients, replica, settings)
        self.lingering = Lingering(dialect)
        shared: dict[str, Any] = {"registry": self.registry, "lingering": self.lingering}
        patience = of_sessions.pop("patience", Patience())
        self.listener = Listener(
            bind(host, 0),
            model=self.model,
            resolver=Resolver(),
            patience=patience,
            converse=partial(
                TlsSession if tls else Session,
                dialect=dialect,
                patience=patience,
                **shared,
                **of_sessions,
            ),
            secure=(lambda one: TlsConnection(one, tls, patience.send))
            if tls
            else (lambda one: one),
            **shared,
        )
        self.address = self.listener.address
        self._grace = grace
        self._peers: list[Peer] = []
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="main")
        self._thread.start()

    def _run(self) -> None:
        self.listener.serve(self._stopped)
        self.listener.drain(self._grace)

    def connect(self, tls: ssl.SSLContext | None = None) -> Peer:
        peer = Peer(self.address, tls=tls)
        self._peers.append(peer)
        return peer

    def greeted(self, tls: ssl.SSLContext | None = None) -> Peer:
        peer = self.connect(tls)
        assert peer.line().startswith("+OK ")
        return peer

    def record(self, number: int) -> Record:
        wait_until(lambda: self.registry.snapshot().accepted >= number)
        return next(r for r in self.registry.snapshot().sessions if r.number == number)

    def ended(self, number: int) -> Record:
        wait_until(lambda: self.record(number).state == "closed")
        return self.record(number)

    def begin_stop(self) -> None:
        self._stop.send(b"!")

    def wait(self) -> None:
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "the drain did not end"

    def stop(self) -> None:
        if self._thread.is_alive():
            self.begin_stop()
        self.wait()
        for peer in self._peers:
            peer.close()
        self._stop.close()
        self._stopped.close()

    def end(self) -> None:
        """Close the clients, then stop: a drain would wait a second for each that lingers."""
        for peer in self._peers:
            peer.close()
        self.stop()


StartServer = Callable[..., RunningServer]
