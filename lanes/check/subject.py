"""The checked server: where it is, what it speaks, and how long to wait for it."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Self

from lanes.check.address import Address
from lanes.check.caller import Caller, Ticks
from lanes.check.connection import QUIET, Connection, is_ready
from lanes.check.failure import Failed, Gone, HungUp, NoHandshake, Patience, said_of
from lanes.check.protocol import Dialect
from lanes.check.tls import Broken, Refused

SECONDS = 55.0  # for all checks: including its start and end, a run takes at most a minute
USUAL = 3.0  # seconds for an answer; a longer --timeout lengthens SECONDS in proportion
SLOW = 0.5  # seconds for an answer; a server that takes longer is slow
PAUSE = 0.1  # seconds between two attempts to find the server
AT_ONCE = 0.2  # seconds within which a server that speaks first has usually spoken
KNOCK = 0.2  # seconds for the first attempt to connect; each further attempt gets twice as long
BROKEN = "the TLS handshake failed"
Secure = Callable[[socket.socket, str], socket.socket]  # does the handshake with a host, in time
NUMERIC = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV


class Unreachable(Exception):
    """There is no server to check; the text says why, `hint` what to do about it, if known."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


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
        self._host, self._secure = server.host, secure
        found = _find(server, secure, timeout, time.monotonic() + wait)
        self.seconds = SECONDS * max(1, timeout / USUAL)  # for all checks
        self.patience = Patience(timeout, time.monotonic() + self.seconds)
        self.greeting = _heard_at_once(found)  # what the server sent first, or empty
        self.framed = dialect.framed  # whether answers can be told apart from other output
        self._dialect = dialect
        self.usual = 0.0  # seconds that an answer takes; 0 until it is known
        self.answers_again = False  # whether a second message is known to be answered
        self.quiet = QUIET  # seconds of silence after which an answer is whole
        self.ending: Callable[[], str] = str  # how the server ended; empty if unknown
        self.goes_on: Callable[[], float] = float  # share of a core that it uses unasked
        self.ticks: Ticks | None = None  # what it repeats unprompted
        self._address = socket.getnameinfo(found.getpeername(), NUMERIC)  # the name may have more
        self._found: socket.socket | None = found  # until a caller takes it

    @property
    def address(self) -> Address:
        """The address that it connected to, in numeric form."""
        host, port = self._address
        return Address(host, int(port))

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
        connection, self._found = self._found or self._met(), None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        dialect = self._dialect()
        caller = Caller(connection, dialect, self.patience, greets=self.greets, ticks=self.ticks)
        caller.quiet = self.quiet
        return caller

    def silent(self) -> Connection:
        """Return a client that sends nothing; over TLS, not even its ClientHello."""
        return Connection(self._knock(), self.patience) if self._secure else self.connect()

    def callers(self, staying: ExitStack, count: int) -> Iterator[Caller]:
        """Call `count` times, one after the other; all callers stay connected."""
        for number in range(1, count + 1):
            with said_of(f"client {number} of {count}, with the earlier ones still connected"):
                caller = staying.enter_context(self.call())
            yield caller

    def is_gone(self) -> bool:
        """Whether the server no longer listens; connects and leaves to find out."""
        try:
            self._open(KNOCK).close()
        except (Failed, TimeoutError) as failure:
            return isinstance(failure, Gone)  # it may also be slow: the checks report that
        return False

    def _met(self) -> socket.socket:
        """Return a new connection, over TLS after the handshake; raises Failed."""
        connection = self._knock()
        if not self._secure:
            return connection
        connection.settimeout(self.patience.until() - time.monotonic())
        try:
            return self._secure(connection, self._host)
        except Refused as why:
            raise Failed(str(why)) from None
        except TimeoutError:
            raise self.patience.ran_out("no TLS handshake", NoHandshake) from None
        except OSError as error:
            raise HungUp(f"{BROKEN}: {error.strerror}") from None

    def _knock(self) -> socket.socket:
        """Connect, and retry soon: if the backlog is full, the kernel waits a second to retry."""
        until = self.patience.until()
        seconds = KNOCK
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return self._open(min(seconds, left))
            seconds *= 2
        raise self.patience.ran_out("no connection")

    def _open(self, seconds: float) -> socket.socket:
        """Return a new connection; raises Gone, Failed, or TimeoutError after `seconds`."""
        try:
            return socket.create_connection(self._address, seconds)
        except TimeoutError:
            raise
        except ConnectionRefusedError:
            raise Gone("the connection was refused") from None
        except OSError as error:
            raise Failed(f"could not connect: {error.strerror or error}") from None


def _find(server: Address, secure: Secure | None, timeout: float, until: float) -> socket.socket:
    while True:
        try:
            connected = server.connect(timeout)
        except OSError as error:
            why, hint = str(error), ""
        else:
            try:
                return secure(connected, server.host) if secure else connected
            except OSError as error:
                why = f"{server}: {BROKEN} ({error.strerror or error})"
                hint = "does it speak TLS?"
        if time.monotonic() >= until:
            raise Unreachable(why, hint)
        time.sleep(PAUSE)


def _heard_at_once(connection: socket.socket) -> str:
    """Return what arrives within AT_ONCE, and leave it to be read again; raises Refused."""
    if is_ready(connection, AT_ONCE):
        try:
            return connection.recv(1024, socket.MSG_PEEK).decode(errors="replace")
        except Broken as alert:  # it checks our certificate after our side of the handshake
            connection.close()
            why = f"{alert.strerror} (see --tls-cert)"
            raise Refused(f"the server rejected our TLS handshake: {why}") from None
        except OSError:
            pass
    return ""
