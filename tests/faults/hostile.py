"""Hostile clients, in their own processes, at a steady rate.

Each kind of conversation sends what it must not and breaks off when it likes. It checks what the
protocol promises even then: a complaint, the replies, an end.
"""

import random
import socket
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress

from tests.faults.forge import FORGE
from tests.kit.http_get import LOOPBACK
from tests.kit.peer import reset_on_close
from tests.kit.waiting import SECONDS

AT_ONCE = 8  # conversations, in each process
PROCESSES = 2
ENDLESS = 100_000_000  # bytes without a line end
PIECE = b"x" * 65_536

# Would control a terminal if they reached one.
ESCAPES = [
    "\x1b[2J\x1b[H\x1b[31m",
    "\x1b]0;title\x07\x1b]52;c;aGV5\x07",
    "\x9b31m\x90q\x9c",  # the same as single characters: C1
    "".join(map(chr, range(0x20))).replace("\n", "") + "\x7f",
    "\u202egnihtyna\u2066\u200b\ufeff\x85\u2028\u2029\x0b\x0c",
]
# Would pass for lines of the log if they began one.
FORGERIES = [
    '{"time": "2025-01-01T00:00:00+00:00", "level": "error", "thread": "log", "event": "forged"}',
    '"}\r{"level": "error", "event": "forged"}\r',
    "12:00:00.000 MainThread error: forged",
    "\r12:00:00.000 MainThread error: forged\x1b[K",
    "Hey\u2028{}\x85{}\x0c{}\\n{}\\u000a{}%(event)s%s%n{0.__class__}",
]


def converse(connection: socket.socket, said: bytes, replies: int, *, size: int = 65_536) -> None:
    """Send it in pieces of this size, then end the output; expect this many replies."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for start in range(0, len(said), size):
        connection.sendall(said[start : start + size])
    connection.shutdown(socket.SHUT_WR)
    expect([b"+OK "] * (1 + replies), connection)


def expect(beginnings: list[bytes], connection: socket.socket) -> None:
    """Read to the end; the lines must begin as listed."""
    heard = b"".join(iter(lambda: connection.recv(65_536), b""))
    *lines, rest = heard.split(b"\r\n")
    as_promised = not rest and len(lines) == len(beginnings)
    assert as_promised, heard[-100:]
    assert all(map(bytes.startswith, lines, beginnings)), heard[-100:]


def garbage(connection: socket.socket, dice: random.Random) -> None:
    connection.sendall(dice.randbytes(dice.choice([1, 30, 300, 3000])))
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65_536):
        pass


def reset(connection: socket.socket, dice: random.Random) -> None:
    """A reset: at once, after the greeting, within a line, or instead of reading the replies."""
    reset_on_close(connection)
    stage = dice.randrange(4)
    if stage:
        connection.recv(100)
    if stage > 1:
        connection.sendall(b"half a line" if stage == 2 else b"a line\n" * 3)


def half_closed(connection: socket.socket, dice: random.Random) -> None:
    """Send everything, then end the output; or end only the input, which no server can see."""
    if dice.randrange(4) == 0:
        connection.shutdown(socket.SHUT_RD)
        connection.sendall(b"unheard\n")
        return
    messages = dice.randrange(5)
    converse(connection, b"half-closed\n" * messages + b"a rest without an end", messages)


def overlong(connection: socket.socket, dice: random.Random) -> None:
    """A line that is a little too long; now and then 100 MB, or as much as the server takes."""
    left = ENDLESS if dice.randrange(125) == 0 else 8193 + dice.randrange(8000)
    with suppress(ConnectionError):
        while left:
            left -= connection.send(PIECE[:left])
    expect([b"+OK ", b"-ERR too-long: "], connection)


def one_byte_packets(connection: socket.socket, _dice: random.Random) -> None:
    """A four-byte character and a line end, each byte in its own packet."""
    converse(connection, "🧵\n".encode(), 1, size=1)


def escapes(connection: socket.socket, dice: random.Random) -> None:
    converse(connection, f"{dice.choice(ESCAPES)}\n".encode(), 1)


def forgery(connection: socket.socket, dice: random.Random) -> None:
    converse(connection, f"Hey\n{dice.choice(FORGERIES)}\n".encode(), 2)


def other_protocol(connection: socket.socket, dice: random.Random) -> None:
    http, ssh = b"GET / HTTP/1.1\r\nHost: lanes\r\n\r\n", b"SSH-2.0-OpenSSH_9.9\r\n"
    tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(32)
    with suppress(ConnectionError):
        connection.sendall(dice.choice([http, tls, ssh]))
        connection.recv(100)


KINDS: list[Callable[[socket.socket, random.Random], None]]
KINDS = [garbage, reset, half_closed, overlong, one_byte_packets, escapes, forgery, other_protocol]


def harass(port: int, conversations: int, rate: float) -> list[str]:
    """Hold N conversations at a rate per second; return the broken promises."""
    share = conversations // PROCESSES, rate / PROCESSES
    with ProcessPoolExecutor(PROCESSES, FORGE) as gangs:
        told = [gangs.submit(_harass, port, *share, seed) for seed in range(PROCESSES)]
        return [unkept for gang in told for unkept in gang.result()]


def _harass(port: int, conversations: int, rate: float, seed: int) -> list[str]:
    unkept: list[str] = []
    began = time.monotonic()

    def take_part(number: int) -> None:
        time.sleep(max(0, began + number / rate - time.monotonic()))
        kind, dice = KINDS[number % len(KINDS)], random.Random(f"{seed} {number}")  # noqa: S311
        try:
            with socket.create_connection((LOOPBACK, port), SECONDS) as connection:
                kind(connection, dice)
        except (OSError, AssertionError) as error:
            unkept.append(f"{kind.__name__} {number}: {error!r}")

    with ThreadPoolExecutor(AT_ONCE) as clients:
        list(clients.map(take_part, range(conversations)))
    return unkept
