"""What a hostile client does: each kind of conversation is a function of a fresh connection.

They say what they must not and break off when they like; what the protocol promises even to them
(a complaint, the replies, an end) they check.
"""

import contextlib
import random
import socket
from collections.abc import Callable

from server.connection import RESET_ON_CLOSE

ENDLESS_BYTES = 100_000_000
PIECE = b"x" * 65_536

# What would command a terminal, if it reached one.
ESCAPES = [
    "\x1b[2J\x1b[H\x1b[31m",
    "\x1b]0;title\x07\x1b]52;c;aGV5\x07",
    "\x9b31m\x90q\x9c",  # the same in one character each: C1
    "".join(map(chr, range(0x20))).replace("\n", "") + "\x7f",
    "\u202egnihtyna\u2066\u200b\ufeff\x85\u2028\u2029\x0b\x0c",
]

# What would be a line of the log, if it began one.
FORGERIES = [
    '{"time": "2025-01-01T00:00:00+00:00", "level": "error", "thread": "log", "event": "forged"}',
    '"}\r{"level": "error", "event": "forged"}\r',
    "12:00:00.000 MainThread error: forged",
    "\r12:00:00.000 MainThread error: forged\x1b[K",
    "Hey\u2028{}\x85{}\x0c{}\\n{}\\u000a{}%(event)s%s%n{0.__class__}",
]


class Unkept(Exception):
    """The server has not done what it promises even to these."""


Taken = int | None
Kind = Callable[[socket.socket, random.Random], Taken]


def garbage(connection: socket.socket, dice: random.Random) -> None:
    """Bytes that mean nothing, and then no more."""
    connection.sendall(dice.randbytes(dice.choice([1, 30, 300, 3000])))
    connection.shutdown(socket.SHUT_WR)
    _read_all(connection)


def reset(connection: socket.socket, dice: random.Random) -> None:
    """A reset: at once, after the greeting, within a line, or in place of reading the reply."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    stage = dice.randrange(4)
    if stage:
        connection.recv(100)
    if stage > 1:
        connection.sendall(b"half a line" if stage == 2 else b"a line\n" * 3)


def half_closed(connection: socket.socket, dice: random.Random) -> None:
    """All at once, then the end of the output; or an end of the input, which the kernel keeps."""
    if dice.randrange(4) == 0:
        connection.shutdown(socket.SHUT_RD)
        connection.sendall(b"unheard\n")
        return
    messages = dice.randrange(5)
    connection.sendall(b"half-closed\n" * messages + b"a rest without an end")
    connection.shutdown(socket.SHUT_WR)
    _expect([b"+OK "] * (1 + messages), _read_all(connection))


def overlong(connection: socket.socket, dice: random.Random) -> None:
    """A line of a little too much."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"x" * (8193 + dice.randrange(8000)))
    _expect([b"+OK ", b"-ERR too-long: "], _read_all(connection))


def endless(connection: socket.socket, _dice: random.Random) -> int:
    """100 MB without a line end, as far as the server lets it; return how far it did."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < ENDLESS_BYTES:
            sent += connection.send(PIECE)
    _expect([b"+OK ", b"-ERR too-long: "], _read_all(connection))
    return sent


def one_byte_packets(connection: socket.socket, _dice: random.Random) -> None:
    """A character of four bytes and a line end, each byte in a packet of its own."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in "\U0001f9f5\n".encode():
        connection.sendall(bytes([byte]))
    connection.shutdown(socket.SHUT_WR)
    _expect([b"+OK ", b"+OK "], _read_all(connection))


def escapes(connection: socket.socket, dice: random.Random) -> None:
    """A message that would command a terminal."""
    _say(connection, dice.choice(ESCAPES))


def forgery(connection: socket.socket, dice: random.Random) -> None:
    """A message that would be a line of the log, after a line end of its own and without one."""
    _say(connection, "Hey", dice.choice(FORGERIES))


def other_protocol(connection: socket.socket, dice: random.Random) -> None:
    """What somebody says who has the wrong port."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(
            dice.choice(
                [
                    b"GET / HTTP/1.1\r\nHost: lanes\r\n\r\n",
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + dice.randbytes(32),
                    b"SSH-2.0-OpenSSH_9.9\r\n",
                ]
            )
        )
        connection.recv(100)


KINDS: list[Kind] = [
    garbage,
    reset,
    half_closed,
    overlong,
    one_byte_packets,
    escapes,
    forgery,
    other_protocol,
]


def _say(connection: socket.socket, *messages: str) -> None:
    connection.sendall("".join(f"{message}\n" for message in messages).encode())
    connection.shutdown(socket.SHUT_WR)
    _expect([b"+OK "] * (1 + len(messages)), _read_all(connection))


def _read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def _expect(beginnings: list[bytes], heard: bytes) -> None:
    lines = heard.split(b"\r\n")
    if lines.pop() or len(lines) != len(beginnings):
        raise Unkept(heard[-100:])
    for beginning, line in zip(beginnings, lines, strict=True):
        if not line.startswith(beginning):
            raise Unkept(line)
