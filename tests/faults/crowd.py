"""A crowd of clients that keep going until the server ends, each in its own way."""

import select
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

KINDS = {"busy": 40, "pipelining": 20, "flooding": 5, "idle": 20, "half": 10, "deaf": 5}
MESSAGE = b"message of a crowd of clients\n"
BURST = {"busy": 1, "pipelining": 50}  # messages at once, repeated when all are answered
FIRST_WORDS = {
    **{kind: burst * MESSAGE for kind, burst in BURST.items()},
    "idle": MESSAGE,
    "half": MESSAGE + MESSAGE[:10],
    "deaf": 2500 * b"x\n",  # the server's send buffer holds the replies to at most 1,600
    "flooding": MESSAGE,
}
# Bytes sent without a pause, with more messages than there is time for.
FLOOD = 20 * (b"x" * 1023 + b"\n") + 8192 * b"\n"


@dataclass
class Member:
    """One client, and what it has received so far."""

    kind: str
    peer: str = ""  # its address, as the server sees it
    replies: int = 0
    last: bytes = b""  # what it read last, even a part of a line
    error: str = ""

    @property
    def reads(self) -> bool:
        return self.kind != "deaf"

    @property
    def was_told(self) -> bool:
        """Whether it ended with last words or with a clean end."""
        return self.last.startswith(b"-ERR closing: ") or not self.error

    def hear(self, line: bytes) -> bool:
        """Count the line if it is a reply; return whether it is."""
        self.last = line
        is_reply = line.startswith(b"+OK ") and line.endswith(b"\n")
        self.replies += is_reply
        return is_reply


class Crowd:
    """100 clients, all greeted once this is constructed; they end with the server."""

    def __init__(self, port: int) -> None:
        self.members = [Member(kind) for kind, count in KINDS.items() for _ in range(count)]
        self._port = port
        self._greeted = threading.Barrier(len(self.members) + 1)
        self._threads = ThreadPoolExecutor(len(self.members))
        self._ends = [self._threads.submit(self._take_part, member) for member in self.members]
        self._greeted.wait(SECONDS)

    def end(self) -> list[Member]:
        """Wait until every client has ended; return them all."""
        for end in self._ends:
            end.result(SECONDS)
        return self.members

    def _take_part(self, member: Member) -> None:
        with socket.socket() as connection, connection.makefile("rb") as lines:
            connection.settimeout(SECONDS)
            if not member.reads:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((LOOPBACK, self._port))
            greeting = lines.readline()
            assert greeting.startswith(b"+OK "), greeting
            member.peer = "{}:{}".format(*connection.getsockname())
            self._greeted.wait(SECONDS)
            try:
                connection.sendall(FIRST_WORDS[member.kind])
                if member.kind == "flooding":
                    threading.Thread(target=_flood, args=[connection], daemon=True).start()
                if not member.reads:
                    reset = select.poll()
                    reset.register(connection, 0)  # POLLERR and POLLHUP are reported anyway
                    assert reset.poll(SECONDS * 1000), "the server has not ended it"
                    return
                burst = BURST.get(member.kind, 0)
                for line in lines:
                    if member.hear(line) and burst and member.replies % burst == 0:
                        connection.sendall(burst * MESSAGE)
            except OSError as error:
                member.error = str(error)
                with suppress(OSError):  # what has arrived can still be read
                    for line in lines:
                        member.hear(line)


def _flood(connection: socket.socket) -> None:
    """Send without a pause, whatever the server says, until it ends the connection."""
    with suppress(OSError):
        while True:
            connection.sendall(FLOOD)
