"""The checked server: where it is, what it speaks, and how long to wait for it."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Self

from lanes.check.address import Address
from lanes.check.caller import Caller, Ticks
from lanes.check.connection import QUIET, Connection
from lanes.check.dialer import Dialer, Secure, find, heard_at_once
from lanes.check.failure import Patience, said_of
from lanes.check.protocol import Dialect

SECONDS = 55.0  # for all checks: including its start and end, a run takes at most a minute
USUAL = 3.0  # seconds for an answer; a longer --timeout lengthens SECONDS in proportion
SLOW = 0.5  # seconds for an answer; a server that takes longer is slow


class Subject:
    """Everything that a check needs to know about the server."""

    def __init__(
        self,
        server: Address,
        dialect: type[Dialect],
        *,
        clients: int,
        many: int,
        timeout: float,
        wait: float = 0,
        secure: Secure | None = None,
    ) -> None:
        """Connect, and retry for `wait` seconds; raises Unreachable, or Refused over TLS.

        The first check uses this connection: a faulty server may serve only one.
        """
        self.clients = clients  # connected at the same time
        self.many = many  # the same, in the check `many`
        found = find(server, secure, timeout, time.monotonic() + wait)
        self.seconds = SECONDS * max(1, timeout / USUAL)  # for all checks
        self.patience = Patience(timeout, time.monotonic() + self.seconds)
        self.greeting = heard_at_once(found)  # what the server sent first, or empty
        self.framed = dialect.framed  # whether answers can be told apart from other output
        self._dialect = dialect
        self.usual = 0.0  # seconds that an answer takes; 0 until it is known
        self.answers_again = False  # whether a second message is known to be answered
        self.quiet = QUIET  # seconds of silence after which an answer is whole
        self.ending: Callable[[], str] = str  # how the server ended; empty if unknown
        self.goes_on: Callable[[], float] = float  # share of a core that it uses unasked
        self.ticks: Ticks | None = None  # what it repeats unprompted
        self._dialer = Dialer(found, server.host, secure, self.patience)
        self._secure = secure is not None
        self._found: socket.socket | None = found  # until a caller takes it

    @property
    def address(self) -> Address:
        """The address that it connected to, in numeric form."""
        return self._dialer.address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._found:
            self._found.close()

    @property
    def greets(self) -> bool:
        """Whether the server speaks first."""
        return self.framed or bool(self.greeting)

    @property
    def is_slow(self) -> bool:
        """Whether answers take so long that the checks should ask for few."""
        return self.usual > SLOW

    def call(self) -> Caller:
        """Connect, and wait for the greeting if there is one."""
        caller = self.connect()
        try:
            caller.be_greeted()
        except BaseException:
            caller.leave()
            raise
        return caller

    def connect(self) -> Caller:
        """Connect, without sending or waiting for anything."""
        connection, self._found = self._found or self._dialer.connect(), None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialect = self._dialect()
        caller = Caller(connection, dialect, self.patience, greets=self.greets, ticks=self.ticks)
        caller.quiet = self.quiet
        return caller

    def silent(self) -> Connection:
        """Return a client that sends nothing; over TLS, not even its ClientHello."""
        return Connection(self._dialer.knock(), self.patience) if self._secure else self.connect()

    def callers(self, staying: ExitStack, count: int) -> Iterator[Caller]:
        """Call `count` times, one after the other; all callers stay connected."""
        for number in range(1, count + 1):
            with said_of(f"client {number} of {count}, with the earlier ones still connected"):
                caller = staying.enter_context(self.call())
            yield caller

    def is_gone(self) -> bool:
        """Whether the server no longer listens; connects and leaves to find out."""
        return self._dialer.is_gone()
