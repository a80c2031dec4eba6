"""Where a server is: `HOST:PORT` -> a connected socket.

Every wait here (for the name, for each address) has its own limit, and a signal to stop ends it at
once, with Stopped.
"""

import contextlib
import errno
import os
import random
import re
import socket
from concurrent.futures import Future
from threading import Thread
from typing import Any, NamedTuple, Self

from client.signals import StopSignal

DEFAULT_PORT = 2022
MAX_PORT = 65535
Numeric = tuple[Any, ...]  # an address for `connect`: IPv6's is longer than IPv4's
Found = list[tuple[socket.AddressFamily, Numeric]]

_FORM = re.compile(r"(?:\[([0-9a-fA-F:.]+(?:%\S+)?)\]|([^\s:\[\]]+))(?::([0-9]{1,5}))?")


class Address(NamedTuple):
    """A host's name or IP address, and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse HOST, HOST:PORT, [IPv6] or [IPv6]:PORT; raises ValueError."""
        form = _FORM.fullmatch(text)
        host, port = (form[1] or form[2], int(form[3] or DEFAULT_PORT)) if form else ("", 0)
        with contextlib.suppress(UnicodeError):
            host.encode("idna")  # as getaddrinfo will; it fails for "a..b" and for very long labels
            if 1 <= port <= MAX_PORT:
                return cls(host, port)
        raise ValueError(
            f"{text!r} is not HOST:PORT, as in localhost:{DEFAULT_PORT} or "
            f"[::1]:{DEFAULT_PORT}, with a port from 1 to {MAX_PORT}."
        )

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self, stop: StopSignal, seconds: float) -> socket.socket:
        """Look the name up, then try each of its addresses until one connects.

        Their order is random, so that clients spread over the servers behind a name. The look-up
        and each address may take `seconds`. Raises OSError, whose text says why each address
        failed.
        """
        failures = []
        for family, numeric in _shuffled(_look_up(self, stop, seconds)):
            try:
                return _connect(family, numeric, stop, seconds)
            except OSError as error:
                failures.append(f"{Address(*numeric[:2])} {error.strerror or error}")
        raise OSError("; ".join(failures))


def _look_up(address: Address, stop: StopSignal, seconds: float) -> Found:
    """Ask in another thread: getaddrinfo has no time-out and cannot be interrupted."""
    answer: Future[Found] = Future()
    bell, ringer = socket.socketpair()

    def ask() -> None:
        with ringer:  # closing it wakes the other end
            try:
                found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
                answer.set_result([(family, numeric) for family, *_, numeric in found])
            except OSError as error:
                why = f"({error.strerror}): is it spelled right, and is its server up?"
                answer.set_exception(OSError(f"the name {address.host!r} is not known here {why}"))

    Thread(target=ask, name="look-up", daemon=True).start()
    with bell:
        if not stop.readable(bell, seconds):
            raise OSError(f"looking up the name {address.host!r} took over {seconds:g} s")
    return answer.result()


def _shuffled(found: Found) -> Found:
    """Shuffle the addresses of each family, and keep the resolver's order of families.

    In getaddrinfo's order (RFC 6724, rule 9) most clients would try the same server first: the one
    whose address has the longest prefix in common with theirs.
    """
    families = list(dict.fromkeys(family for family, _ in found))
    shuffled = random.sample(found, len(found))
    return sorted(shuffled, key=lambda address: families.index(address[0]))


def _connect(
    family: socket.AddressFamily, numeric: Numeric, stop: StopSignal, seconds: float
) -> socket.socket:
    with contextlib.ExitStack() as undo:
        connection = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
        connection.setblocking(False)
        failure = connection.connect_ex(numeric)
        if failure in {errno.EINPROGRESS, errno.EWOULDBLOCK}:  # the latter on Windows
            if not stop.writable(connection, seconds):
                raise OSError(f"did not answer within {seconds:g} s: is it reachable from here?")
            failure = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure == errno.ECONNREFUSED:
            raise OSError("refused the connection: is the server running, and the port right?")
        if failure:
            raise OSError(f"cannot be connected to: {os.strerror(failure)}")
        undo.pop_all()  # it worked: keep it open
        return connection
