"""Clients of daemons, each with the smallest exchange that its protocol allows.

An answer is the ids of the process and the thread, as in tests/watch; 0 if the server names none.
"""

import struct
from collections.abc import Iterator

from tests.watch.talker import Talker

SAYS_NOTHING = b"0 0"
PROTOCOL = 196608  # PostgreSQL's 3.0
LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION = 0x1, 0x200, 0x8000  # MariaDB's capabilities
UTF8, LARGEST = 33, 1 << 24
QUERY = b"\x03"
WHO = """select concat('0 ', THREAD_OS_ID), sleep({sleep}) from performance_schema.threads
    where PROCESSLIST_ID = connection_id()"""


class Redis(Talker):
    def _send(self, message: str) -> None:
        word, _, milliseconds = message.partition(" ")
        command = f"DEBUG SLEEP {int(milliseconds) / 1000}" if word == "work" else "PING"
        super()._send(command)

    def _receive(self) -> bytes:
        super()._receive()
        return SAYS_NOTHING


class Memcached(Talker):
    def _send(self, message: str) -> None:
        super()._send("version" if message == "hello" else message)

    def _receive(self) -> bytes:
        super()._receive()
        return SAYS_NOTHING


class Ssh(Talker):
    """Both ends identify themselves; then the server waits for a message that never comes."""

    def _send(self, message: str) -> None:
        super()._send(f"SSH-2.0-{message}")

    def _receive(self) -> bytes:
        with self._socket.makefile("rb") as lines:  # some servers send more at once
            lines.readline()
        return SAYS_NOTHING


class Postgres(Talker):
    """Its sessions are processes, so pg_backend_pid() is also the thread id."""

    def _connect(self) -> None:
        super()._connect()
        words = struct.pack("!i", PROTOCOL) + b"user\0lanes\0database\0postgres\0\0"
        self._socket.sendall(struct.pack("!i", 4 + len(words)) + words)
        list(self._until_ready())

    def _send(self, message: str) -> None:
        milliseconds = int(message.partition(" ")[2] or 0)
        query = f"select pg_backend_pid(), pg_sleep({milliseconds / 1000})\0".encode()
        self._socket.sendall(b"Q" + struct.pack("!i", 4 + len(query)) + query)

    def _receive(self) -> bytes:
        [row] = [body for kind, body in self._until_ready() if kind == b"D"]
        pid = row[6 : 6 + int.from_bytes(row[2:6])]  # after the count and the first value's length
        return pid + b" " + pid

    def _until_ready(self) -> Iterator[tuple[bytes, bytes]]:
        kind = b""
        with self._socket.makefile("rb") as incoming:
            while kind != b"Z":
                kind = incoming.read(1)
                yield kind, incoming.read(int.from_bytes(incoming.read(4)) - 4)


class MariaDB(Talker):
    """Its performance schema knows each session's thread."""

    def _connect(self) -> None:
        super()._connect()
        self._packet()
        capabilities = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION
        words = struct.pack("<IIB23x", capabilities, LARGEST, UTF8) + b"root\0\0"
        self._socket.sendall(struct.pack("<I", len(words) | 1 << 24) + words)
        self._packet()

    def _send(self, message: str) -> None:
        milliseconds = int(message.partition(" ")[2] or 0)
        query = WHO.format(sleep=milliseconds / 1000).encode()
        self._socket.sendall(struct.pack("<I", 1 + len(query)) + QUERY + query)

    def _receive(self) -> bytes:
        _count, _ids, _slept, _end, row, _end = (self._packet() for _ in range(6))
        return row[1 : 1 + row[0]]  # a value's length precedes it

    def _packet(self) -> bytes:
        size = int.from_bytes(self._exactly(4)[:3], "little")
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        came = b""
        while len(came) < size:
            came += (chunk := self._socket.recv(size - len(came)))
            if not chunk:
                raise ConnectionResetError(f"the end after {came!r}")
        return came


DAEMONS = (Redis, Memcached, Ssh, Postgres, MariaDB)
