"""A crowd of clients that go on until the server ends, each in its own way.

Each tells how it ended: how many replies it has had, and what it has read last.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

MESSAGE = b"message of a crowd of clients\n"
BURST = 50  # messages that are sent at once
UNREAD = 2500  # messages; the server's send buffer holds the replies to 1,600 at the most
SMALL = 4096  # bytes of the receive buffer of one that does not read
# Bytes that are sent without ever waiting, and with more messages than there is time for.
FLOOD = 20 * (b"x" * 1023 + b"\n") + 8192 * b"\n"


@dataclass
class Member:
    """One client, and what it has had so far."""

    name: str  # of its kind
    peer: str  # as the server calls it
    reads: bool = True
    replies: int = 0
    last: bytes = b""  # what it has read last, were it a part of a line
    error: str = ""

    @property
    def was_told(self) -> bool:
        """Whether it has come to its end in words, or to a clean one."""
        return self.last.startswith(b"-ERR closing: ") or not self.error


Behaviour = Callable[[socket.socket, Iterator[None]], None]


def busy(connection: socket.socket, replies: Iterator[None]) -> None:
    """One message after the other, each once the one before is answered."""
    connection.sendall(MESSAGE)
    for _ in replies:
        connection.sendall(MESSAGE)


def pipelining(connection: socket.socket, replies: Iterator[None]) -> None:
    """Many messages at once, and then all their replies."""
    connection.sendall(BURST * MESSAGE)
    for number, _ in enumerate(replies, 1):
        if number % BURST == 0:
            connection.sendall(BURST * MESSAGE)


def flooding(connection: socket.socket, replies: Iterator[None]) -> None:
    """Messages without a pause, whatever the server says; another thread reads."""

    def flood() -> None:
        with contextlib.suppress(OSError):  # the server has ended it
            while True:
                connection.sendall(FLOOD)

    sending = threading.Thread(target=flood, daemon=True)
    sending.start()
    try:
        for _ in replies:
            pass
    finally:
        with contextlib.suppress(OSError):  # the server was first
            connection.shutdown(socket.SHUT_RDWR)
        sending.join(SECONDS)


def idle(connection: socket.socket, replies: Iterator[None]) -> None:
    """One message, and then nothing."""
    connection.sendall(MESSAGE)
    for _ in replies:
        pass


def half(connection: socket.socket, replies: Iterator[None]) -> None:
    """A message, and half of another."""
    connection.sendall(MESSAGE + MESSAGE[:10])
    for _ in replies:
        pass


def deaf(connection: socket.socket, _replies: Iterator[None]) -> None:
    """Messages with more replies than the buffers hold, which it never reads: until it is reset."""
    connection.sendall(UNREAD * b"x\n")
    reset = select.poll()
    reset.register(connection, 0)  # POLLERR and POLLHUP are told all the same
    assert reset.poll(SECONDS * 1000), "the server has not ended it"


# 100 of them: what they do, and how many do.
KINDS: dict[Behaviour, int] = {busy: 40, pipelining: 20, flooding: 5, idle: 20, half: 10, deaf: 5}


class Crowd:
    """So many of each kind, all greeted when this is made; they end with the server."""

    def __init__(self, port: int, kinds: dict[Behaviour, int]) -> None:
        self._lock = threading.Lock()
        self.members: list[Member] = []
        self._greeted = threading.Barrier(sum(kinds.values()) + 1)
        behaviours = [behaviour for behaviour, count in kinds.items() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._take_part, args=(port, behaviour), daemon=True)
            for behaviour in behaviours
        ]
        for thread in self._threads:
            thread.start()
        self._greeted.wait(SECONDS)

    def _take_part(self, port: int, behave: Behaviour) -> None:
        with socket.socket() as connection, connection.makefile("rb") as lines:
            connection.settimeout(SECONDS)
            if behave is deaf:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            connection.connect((LOOPBACK, port))
            greeting = lines.readline()
            assert greeting.startswith(b"+OK "), greeting
            host, own_port = connection.getsockname()
            member = Member(behave.__name__, f"{host}:{own_port}", reads=behave is not deaf)
            with self._lock:
                self.members.append(member)

            def replies() -> Iterator[None]:
                for line in lines:
                    member.last = line
                    if line.startswith(b"+OK ") and line.endswith(b"\n"):
                        member.replies += 1
                        yield

            self._greeted.wait(SECONDS)
            try:
                behave(connection, replies())
            except OSError as error:
                member.error = str(error)
                # What has arrived is there to be read all the same.
                with contextlib.suppress(OSError):
                    for _ in replies():
                        pass

    def end(self) -> list[Member]:
        """Wait until each has come to its end; all of them."""
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive(), "a client hangs"
        return self.members
