"""Where a server is: `HOST:PORT` -> a connected socket.

Every wait here (for the name, for each address) has its own limit in seconds and ends at once,
with Stopped, when the program is told to stop.
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

from client.stop import StopSignal

DEFAULT_PORT = 2022
MAX_PORT = 65535
Numeric = tuple[Any, ...]  # an IP address as connect takes it: IPv6's is longer than IPv4's

_FORM = re.compile(r"(?:\[([0-9a-fA-F:.]+(?:%\S+)?)\]|([^\s:\[\]]+))(?::([0-9]{1,5}))?")


class Address(NamedTuple):
    """A host's name or IP address, and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read HOST, HOST:PORT, [IPv6] or [IPv6]:PORT; raises ValueError."""
        form = _FORM.fullmatch(text)
        host, port = (form[1] or form[2], int(form[3] or DEFAULT_PORT)) if form else ("", 0)
        if not 1 <= port <= MAX_PORT or not _can_be_a_name(host):
            raise ValueError(
                f"{text!r} is not HOST:PORT, as in localhost:{DEFAULT_PORT} or "
                f"[::1]:{DEFAULT_PORT}, with a port from 1 to {MAX_PORT}."
            )
        return cls(host, port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def connect(self, stop: StopSignal, seconds: float) -> socket.socket:
        """Look the name up, then try each of its addresses until one connects.

        They are tried in random order, so that the clients of a name spread over its servers.
        The look-up and each address may take that many seconds. Raises OSError, whose text says
        of each address why it was not to be had.
        """
        failures = []
        for family, numeric in _shuffled(_look_up(self, stop, seconds)):
            try:
                return _connect(family, numeric, stop, seconds)
            except OSError as error:
                failures.append(f"{Address(*numeric[:2])} {error.strerror or error}")
        raise OSError("; ".join(failures))


def _can_be_a_name(host: str) -> bool:
    try:
        host.encode("idna")  # as getaddrinfo will; it fails for "a..b" and for very long labels
    except UnicodeError:
        return False
    return True


def _look_up(
    address: Address, stop: StopSignal, seconds: float
) -> list[tuple[socket.AddressFamily, Numeric]]:
    """Ask in a thread of its own: getaddrinfo can be neither interrupted nor given a limit."""
    answer: Future[list[tuple[socket.AddressFamily, Numeric]]] = Future()
    bell, ringer = socket.socketpair()

    def ask() -> None:
        with ringer:  # closing it wakes the other end
            try:
                found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
                answer.set_result([(family, numeric) for family, *_, numeric in found])
            except OSError as error:
                answer.set_exception(error)

    Thread(target=ask, name="look-up", daemon=True).start()
    with bell:
        if not stop.readable(bell, seconds):
            raise OSError(f"looking up the name {address.host} took over {seconds:g} s")
    try:
        return answer.result()
    except OSError as error:
        raise OSError(
            f"the name {address.host} is not known here ({error.strerror}): "
            "is it spelled right, and is its server up?"
        ) from None


def _shuffled(
    found: list[tuple[socket.AddressFamily, Numeric]],
) -> list[tuple[socket.AddressFamily, Numeric]]:
    """In random order within each family, which come in the resolver's order.

    As getaddrinfo sorts them (RFC 6724, rule 9), most clients would take the same server first:
    the one whose address resembles theirs the longest.
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
        if failure == errno.EINPROGRESS:
            if not stop.writable(connection, seconds):
                raise OSError(f"did not answer within {seconds:g} s: is it reachable from here?")
            failure = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure == errno.ECONNREFUSED:
            raise OSError("refused the connection: is the server running, and the port right?")
        if failure:
            raise OSError(f"cannot be connected to: {os.strerror(failure)}")
        undo.pop_all()  # it worked: keep it open
        return connection
