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
from client.check.caller import Caller, Failed, said_of
from client.dialect import DIALECTS
from client.stop import StopSignal

SECONDS = 60.0  # for all checks
PAUSE = 0.1  # seconds between two attempts to find it
AT_ONCE = 0.2  # seconds within which a server that greets mostly has greeted


class Gone(Failed):
    """Nobody listens there any more."""


@dataclass(slots=True)
class Subject:
    """Everything that a check needs to know of it."""

    family: socket.AddressFamily
    address: Numeric
    protocol: str  # handout or lines
    clients: int  # that are there at the same time
    timeout: float  # seconds that each answer may take
    deadline: float  # by the monotonic clock: when all has to be over
    _found_by: list[socket.socket] = field(repr=False)  # until somebody wants it

    @classmethod
    def find(
        cls, server: Address, *, protocol: str, clients: int, timeout: float, wait: float = 0
    ) -> Self:
        """Connect; raises OSError, whose text says why nobody is there after that many seconds.

        That connection is the first check's: a server may be so wrong that it serves one alone.
        """
        connection = _connect(server, timeout, time.monotonic() + wait)
        return cls(
            family=connection.family,
            address=connection.getpeername(),
            protocol=protocol,
            clients=clients,
            timeout=timeout,
            deadline=time.monotonic() + SECONDS,
            _found_by=[connection],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._found_by:
            connection.close()

    def greeting(self) -> str:
        """What it says at once, before anything is asked; it is left there to be read again."""
        for connection in self._found_by:
            if select.select([connection], [], [], AT_ONCE)[0]:
                with contextlib.suppress(OSError):
                    return connection.recv(1024, socket.MSG_PEEK).decode(errors="replace")
        return ""

    def call(self) -> Caller:
        """Connect and, in `lines`, be greeted."""
        caller = self.connect()
        try:
            caller.be_greeted()
        except BaseException:
            caller.leave()
            raise
        return caller

    def connect(self) -> Caller:
        """Connect alone: nothing has been said, by nobody."""
        connection = self._found_by.pop() if self._found_by else self._new_connection()
        connection.setblocking(True)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Caller(connection, DIALECTS[self.protocol](), self.patience)

    def callers(self, staying: ExitStack, count: int) -> Iterator[Caller]:
        """So many who stay, each called when it is asked for."""
        for number in range(1, count + 1):
            with said_of(f"client {number} of {count}, while those before it stay"):
                caller = staying.enter_context(self.call())
            yield caller

    def is_gone(self) -> bool:
        """Whether nobody listens there any more."""
        try:
            self.connect().leave()
        except Gone:
            return True
        except Failed:
            return False  # it may be slow; that is for the checks to say
        return False

    def patience(self) -> float:
        """Seconds that the next wait may take; raises Failed where none are left."""
        left = min(self.timeout, self.deadline - time.monotonic())
        if left <= 0:
            raise Failed(f"not tried to its end: the {SECONDS:g} s for all checks are over")
        return left

    def _new_connection(self) -> socket.socket:
        connection = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.patience())
            connection.connect(self.address)
        except BaseException as error:
            connection.close()
            if isinstance(error, ConnectionRefusedError):
                raise Gone("the connection was refused") from None
            if isinstance(error, OSError):
                raise Failed(f"it could not connect: {error.strerror or 'out of time'}") from None
            raise
        return connection


def _connect(server: Address, timeout: float, until: float) -> socket.socket:
    with StopSignal() as stop:
        while True:
            try:
                return server.connect(stop, timeout)
            except OSError:
                if time.monotonic() >= until:
                    raise
            stop.sleep(PAUSE)
