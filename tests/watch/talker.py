"""Clients of servers that report which thread answers."""

import time
from http.client import HTTPResponse
from socket import create_connection
from typing import NamedTuple

from tests.kit.http_get import LOOPBACK
from tests.kit.waiting import SECONDS


class Answer(NamedTuple):
    """The thread that answered a client, after it was busy with it for `work` seconds."""

    client: str
    pid: int
    tid: int
    said: float  # time.monotonic()
    answered: float
    work: float


class Talker:
    """A client that waits for each answer; `address` is its own, as the server sees it."""

    def __init__(self, port: int, told: list[Answer]) -> None:
        self._port, self._told = port, told
        self._said = self._work = 0.0
        self._connect()

    def _connect(self) -> None:
        self._socket = create_connection((LOOPBACK, self._port), SECONDS)
        self.address = "{}:{}".format(*self._socket.getsockname())
        self.goes_on = True  # the conversation; once it has ended, the client connects again

    def fileno(self) -> int:
        return self._socket.fileno()

    def stay(self) -> None:
        """Connect again if the server has ended the conversation."""
        if not self.goes_on:
            self._connect()

    def say(self, work_ms: int = 0) -> None:
        self.stay()
        self._said, self._work = time.monotonic(), work_ms / 1000
        self._send(f"work {work_ms}" if work_ms else "hello")

    def answer(self, timeout: float = SECONDS) -> tuple[int, int]:
        """Return the ids of the process and the thread that answer. Raises TimeoutError."""
        self._socket.settimeout(timeout)
        pid, tid = map(int, self._receive().split())
        moments = self._said, time.monotonic(), self._work
        self._told.append(Answer(self.address, pid, tid, *moments))
        return pid, tid

    def close(self) -> None:
        self._socket.close()

    def _send(self, message: str) -> None:
        self._socket.sendall(f"{message}\n".encode())

    def _receive(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += (chunk := self._socket.recv(64))
            if not chunk:
                raise ConnectionResetError(f"no answer, but the end after {line!r}")
        return line


class WebTalker(Talker):
    """The same over HTTP/1.1. The server may end the conversation after any answer."""

    def _send(self, message: str) -> None:
        path = message.replace(" ", "/")
        self._socket.sendall(f"GET /{path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode())

    def _receive(self) -> bytes:
        with HTTPResponse(self._socket, method="GET") as response:
            response.begin()
            body = response.read()
        if response.will_close:  # gunicorn waits two seconds for the client to close too
            self.goes_on = False
            self.close()
        return body
