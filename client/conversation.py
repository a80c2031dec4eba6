"""Sends messages to one server, in order, each until it has its one reply.

    say -> connect, await the greeting (if there is no connection) -> ask -> Reply

At most one message is outstanding, and it is sent again only on a new connection, so that no reply
can be mistaken for another's. The server may get a message more than once; you get one reply.
"""

import socket
import time
from collections.abc import Callable
from typing import NamedTuple, Self

from client.address import Address
from client.connection import Connection, Hopeless, Lost, Refused
from client.delivery import Delivery
from client.log import Log
from client.protocol import Dialect, Reply
from client.signals import StopSignal

AT_ONCE = 1.0  # seconds within which a greeting comes if a thread is free


Secure = Callable[[socket.socket, Address], socket.socket]  # for a connection to that server


def plain(connected: socket.socket, _server: Address) -> socket.socket:
    """Leave a connection as it is, without TLS."""
    return connected


class Patience(NamedTuple):
    """How many seconds to wait."""

    greeting: float = 300  # until a thread serves us, once connected
    connect: float = 5  # for each address, and for the look-up of the name
    reply: float = 5
    outage: float = 60  # retrying one message


class Conversation:
    """Talks to one server. As a context manager it closes the connection."""

    def __init__(
        self,
        server: Address,
        dialect: type[Dialect],
        patience: Patience,
        stop: StopSignal,
        log: Log,
        secure: Secure = plain,
    ) -> None:
        self.connections = 0  # made so far
        self.resent = 0  # times that a message was sent again
        self._server = server
        self._dialect = dialect
        self._patience = patience
        self._stop = stop
        self._secure = secure
        self._log = log.bind(server=str(server))
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def say(self, message: str) -> Reply:
        """Send a message, repeatedly if necessary, and return its reply; raises Unanswered.

        A signal to stop ends every wait except the one for the reply; if it comes before the
        message was sent, Stopped is raised.
        """
        delivery = Delivery(message, self._patience.outage, self._stop, self._log)
        return delivery.until_answered(self._attempt)

    def finish(self) -> bool:
        """Hang up; log an error and return False if the server answered more than was asked."""
        try:
            if self._connection:
                self._connection.check_silence()
        except Lost:
            pass  # the server may leave first: everything has been said
        except Hopeless as violation:
            self._log.error("violation", why=str(violation))
            return False
        finally:
            self._hang_up()
        return True

    def _attempt(self, delivery: Delivery) -> Reply:
        try:
            connection = self._connection or self._connect(delivery)
            connection.check_silence()
            self.resent += delivery.sent > 0
            delivery.sent += 1
            return connection.ask(delivery.message, self._patience.reply)
        except Exception as failure:
            if not (isinstance(failure, Refused) and failure.connection_goes_on):
                self._hang_up()
            raise

    def _connect(self, delivery: Delivery) -> Connection:
        try:
            connected = self._server.connect(self._stop, self._patience.connect)
        except OSError as error:
            raise Lost(str(error)) from None
        self.connections += 1
        connected = self._secure(connected, self._server)
        dialect = self._dialect()
        self._connection = Connection(connected, dialect, str(self._server))
        local = str(Address(*connected.getsockname()[:2]))
        if not dialect.framed:
            self._log.info("connected", local=local)
            return self._connection
        self._log.info("connected", local=local, waiting_for="the greeting")
        began = time.monotonic()
        try:
            at_once = min(AT_ONCE, self._patience.greeting)
            if self._connection.is_silent(self._stop, at_once):
                self._log.warning("connected, but no thread has greeted yet: waiting")
            self._connection.await_greeting(self._stop, self._patience.greeting - at_once)
        finally:
            waited = time.monotonic() - began
            # Not if the server only hung up: one that always does would be retried forever.
            if self._connection.heard:
                delivery.discount(waited)
        self._log.info("greeted", thread=self._connection.thread, waited=round(waited, 3))
        return self._connection

    def _hang_up(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
