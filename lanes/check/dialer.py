"""Connects to the checked server, over TLS if that is wanted."""

import contextlib
import socket
import time
from collections.abc import Callable

from lanes.check.address import Address, NotKnown
from lanes.check.connection import is_ready
from lanes.check.failure import Failed, Gone, HungUp, NoHandshake, Patience
from lanes.check.tls import Broken, Refused

PAUSE = 0.1  # seconds between two attempts to find the server
SHORTEST = 0.001  # seconds: a time-out of 0 would mean not to wait
AT_ONCE = 0.2  # seconds within which a server that speaks first has usually spoken
KNOCK = 0.2  # seconds for the first attempt to connect; each further attempt gets twice as long
BROKEN = "the TLS handshake failed"
NAME = "the name is misspelled, or known only elsewhere (a Compose service's, in its own network)"
NUMERIC = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
Secure = Callable[[socket.socket, str], socket.socket]  # does the handshake with a host, in time


class Unreachable(Exception):
    """There is no server to check; the text says why, and `hint` the likely cause, if known."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


class Dialer:
    """Opens further connections to a server that was found."""

    def __init__(
        self, found: socket.socket, host: str, secure: Secure | None, patience: Patience
    ) -> None:
        """`found` leads to the server; `host` is what its certificate has to be for."""
        self._address = socket.getnameinfo(found.getpeername(), NUMERIC)  # a name may have several
        self._host, self._secure, self._patience = host, secure, patience

    @property
    def address(self) -> Address:
        """The address of the server, in numeric form."""
        host, port = self._address
        return Address(host, int(port))

    def is_gone(self) -> bool:
        """Whether the server no longer listens; connects and leaves to find out."""
        try:
            self._open(KNOCK).close()
        except (Failed, TimeoutError) as failure:
            return isinstance(failure, Gone)  # it may also be slow: the checks report that
        return False

    def connect(self) -> socket.socket:
        """Return a new connection, over TLS after the handshake; raises Failed or OutOfTime."""
        connection = self.knock()
        if not self._secure:
            return connection
        connection.settimeout(max(self._patience.until() - time.monotonic(), SHORTEST))
        try:
            return self._secure(connection, self._host)
        except Refused as why:
            raise Failed(str(why)) from None
        except TimeoutError:
            raise self._patience.ran_out("no TLS handshake", NoHandshake) from None
        except OSError as error:
            raise HungUp(f"{BROKEN}: {error.strerror}") from None

    def knock(self) -> socket.socket:
        """Connect without TLS; raises Failed or OutOfTime.

        It retries soon: if the backlog is full, the kernel would wait a second.
        """
        until = self._patience.until()
        seconds = KNOCK
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                return self._open(min(seconds, left))
            seconds *= 2
        raise self._patience.ran_out("no connection")

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


def find(server: Address, secure: Secure | None, timeout: float, until: float) -> socket.socket:
    """Connect, and retry until the moment `until`; raises Unreachable, or over TLS Refused."""
    while True:
        try:
            connected = server.connect(timeout)
        except OSError as error:
            why, hint = str(error), NAME if isinstance(error, NotKnown) else ""
        else:
            try:
                return secure(connected, server.host) if secure else connected
            except OSError as error:
                why = f"{server}: {BROKEN} ({error.strerror or error})"
                hint = "does it speak TLS?"
        if time.monotonic() >= until:
            raise Unreachable(why, hint)
        time.sleep(PAUSE)


def heard_at_once(connection: socket.socket) -> str:
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
