"""A flood of connections, in processes of their own: many at once, and some that stay."""

import socket
from collections import Counter, deque

from tests.faults.companion import Call, Companion
from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS

AT_ONCE = 50  # connects before the first of them listens, in each process
LEAVING = 2  # of those that stay, after each of these turns


class Flood(Companion[Counter[str]]):
    """So many connects; of those that are served the last, `stay` at the most, hold their places.

    The result counts what they were told: "served", "busy", or what went wrong. Every other one
    speaks before it is greeted: so there is something unread when it is refused.
    """

    def __init__(self, port: int, connects: int, stay: int) -> None:
        super().__init__(_flood, port, connects, stay)


def _flood(call: Call, port: int, connects: int, stay: int) -> Counter[str]:
    told: Counter[str] = Counter()
    held: deque[socket.socket] = deque()
    call.ready()
    while remaining := connects - told.total():
        burst = []
        for number in range(min(AT_ONCE, remaining)):
            try:
                connection = socket.create_connection((LOOPBACK, port), SECONDS)
            except OSError as error:
                told[f"not connected: {error}"] += 1
                continue
            burst.append(connection)
            if number % 2:
                connection.sendall(b"Hey Server!!!\n")
        for connection in burst:
            fate = _listen(connection)
            told[fate] += 1
            if fate == "served":
                held.append(connection)
            else:
                connection.close()
        for _ in range(max(LEAVING, len(held) - stay)):
            if held:
                held.popleft().close()
    for connection in held:
        connection.close()
    return told


def _listen(connection: socket.socket) -> str:
    """What the first line says."""
    try:
        with connection.makefile("rb") as lines:
            line = lines.readline()
    except OSError as error:
        return f"lost: {error}"
    if line.startswith(b"+OK ") and line.endswith(b": ready\r\n"):
        return "served"
    if line.startswith(b"-ERR busy: ") and line.endswith(b"\r\n"):
        return "busy"
    return f"told {line!r}"
