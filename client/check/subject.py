"""The server that is checked: where it is, what it speaks, and how patiently it is asked."""

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from client.address import Address, Numeric
from client.check.caller import Caller
from client.check.failure import Failed, Gone, Patience, said_of
from client.dialect import Dialect
from client.stop import StopSignal

SECONDS = 55.0  # for all checks: with its start and its end a run takes a minute at the most
PAUSE = 0.1  # seconds between two attempts to find it
AT_ONCE = 0.2  # seconds within which a server that speaks first mostly has spoken
KNOCK = 0.2  # seconds before a connection that does not come about is tried anew, then twice that


class Unreachable(Exception):
    """Nobody is there to be checked; the text says why."""


@dataclass(slots=True)
class Subject:
    """Everything that a check needs to know of it."""

    family: socket.AddressFamily
    address: Numeric
    dialect: type[Dialect]
    clients: int  # that are there at the same time
    many: int  # that are there at the same time, for once
    patience: Patience
    greeting: str  # what it said before anything was asked, if it did
    _found_by: socket.socket | None = field(repr=False)  # until somebody wants it

    @classmethod
    def find(
        cls,
        server: Address,
        dialect: type[Dialect],
        *,
        clients: int,
        many: int,
        timeout: float,
        wait: float = 0,
    ) -> Self:
        """Connect; raises Unreachable if nobody is there after that many seconds.

        That connection is the first check's: a server may be so wrong that it serves one alone.
        """
        connection = _find(server, timeout, time.monotonic() + wait)
        patience = Patience(timeout, time.monotonic() + SECONDS)
        return cls(
            family=connection.family,
            address=connection.getpeername(),
            dialect=dialect,
            clients=clients,
            many=many,
            patience=patience,
            greeting=_heard_at_once(connection),
            _found_by=connection,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._found_by:
            self._found_by.close()

    def call(self) -> Caller:
        """Connect and, where it greets, be greeted."""
        caller = self.connect()
        try:
            caller.be_greeted()
        except BaseException:
            caller.leave()
            raise
        return caller

    def connect(self) -> Caller:
        """Connect alone: nothing has been said, by nobody."""
        connection, self._found_by = self._found_by or self._knock(), None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialect = self.dialect()
        greets = dialect.framed or bool(self.greeting)
        return Caller(connection, dialect, self.patience, greets=greets)

    def callers(self, staying: ExitStack, count: int) -> Iterator[Caller]:
        """So many who stay, each called when it is asked for."""
        for number in range(1, count + 1):
            with said_of(f"client {number} of {count}, while those before it stay"):
                caller = staying.enter_context(self.call())
            yield caller

    def is_gone(self) -> bool:
        """Whether nobody listens there any more; to find out it connects, and leaves."""
        try:
            self._open(KNOCK).close()
        except Gone:
            return True
        except (Failed, TimeoutError):
            return False  # it may be slow: that is for the checks to say
        return False

    def _knock(self) -> socket.socket:
        """Who finds the queue full is not heard, and the kernel tries again only after a second."""
        until = self.patience.until()
        seconds = KNOCK
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return self._open(min(seconds, left))
            seconds *= 2
        raise self.patience.ran_out("no connection")

    def _open(self, seconds: float) -> socket.socket:
        """A new connection; raises Gone, Failed, or TimeoutError after so many seconds."""
        connection = socket.socket(self.family, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            connection.connect(self.address)
        except OSError as error:
            connection.close()
            if isinstance(error, TimeoutError):
                raise
            if isinstance(error, ConnectionRefusedError):
                raise Gone("the connection was refused") from None
            raise Failed(f"it could not connect: {error.strerror or error}") from None
        return connection


def _find(server: Address, timeout: float, until: float) -> socket.socket:
    with StopSignal() as stop:
        while True:
            try:
                return server.connect(stop, timeout)
            except OSError as error:
                if time.monotonic() >= until:
                    raise Unreachable(str(error)) from None
            stop.sleep(PAUSE)


def _heard_at_once(connection: socket.socket) -> str:
    """What has come, left there to be read again."""
    if select.select([connection], [], [], AT_ONCE)[0]:
        with contextlib.suppress(OSError):
            return connection.recv(1024, socket.MSG_PEEK).decode(errors="replace")
    return ""
