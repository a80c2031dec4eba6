"""A server that does exactly what a test lists for each connection.

    FakeServer([[GREET, HEAR, b"+OK T-1: one\r\n"], [RESET]])

serves its first client like this, resets its second, and then stops listening. The end of a list
closes the connection. `heard` has the lines of each connection.
"""

import contextlib
import io
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

from client.address import Address
from client.conversation import Conversation, Patience
from client.log import Log
from client.protocol import DIALECTS
from client.signals import StopSignal
from tests.kit.json_log import Event, events, records
from tests.kit.peer import reset_on_close
from tests.kit.waiting import SECONDS

LONG = Patience(greeting=SECONDS, connect=SECONDS, reply=SECONDS, outage=SECONDS)

GREET = b"+OK T-1: ready\r\n"
ONE, TWO = b"+OK T-1: one\r\n", b"+OK T-1: two\r\n"
HEAR = "hear a line"
CHUNK = "hear a chunk"
UNTIL_GONE = "hear whatever the client sends until it hangs up"
RESET = "reset the connection"
Action = bytes | str | Callable[[], object]


def sigterm() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


class FakeServer:
    def __init__(self, connections: Iterable[list[Action]]) -> None:
        self.heard: list[list[bytes]] = []
        self._connections = connections
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = Address(*self._listener.getsockname())
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        with contextlib.suppress(OSError):  # it may already be closed, or about to be
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "the fake server still waits for something"
        if self._failures and not any(failure):
            raise self._failures[0]

    def _serve(self) -> None:
        with self._listener:
            for actions in self._connections:
                try:
                    connection, _ = self._listener.accept()
                except OSError:  # the test is over
                    return
                connection.settimeout(SECONDS)
                self.heard.append([])
                try:
                    with connection, connection.makefile("rb") as lines:
                        for action in actions:
                            self._do(action, connection, lines)
                except ConnectionError:
                    continue  # the client has left; the test decides whether that is right
                except TimeoutError as failure:
                    self._failures.append(failure)
                    return

    def _do(self, action: Action, connection: socket.socket, lines: Iterator[bytes]) -> None:
        match action:
            case bytes():
                connection.sendall(action)
            case "hear a line":
                self.heard[-1].append(next(lines, b""))
            case "hear a chunk":
                self.heard[-1].append(connection.recv(1024))
            case "hear whatever the client sends until it hangs up":
                self.heard[-1] += list(lines)
            case "reset the connection":
                reset_on_close(connection)
            case _:
                assert callable(action)
                action()


@contextmanager
def nobody() -> Iterator[Address]:
    """Yield an address where nothing listens, and where nothing else can start to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield Address(*bound.getsockname())


class Scene(NamedTuple):
    conversation: Conversation
    server: FakeServer
    stop: StopSignal
    log: Log
    logged: io.StringIO

    @property
    def events(self) -> list[Event]:
        return records(self.logged.getvalue())

    def named(self, event: str) -> list[Event]:
        return events(self.logged.getvalue(), event)


@contextmanager
def scene(
    connections: Iterable[list[Action]], patience: Patience = LONG, protocol: str = "lines"
) -> Iterator[Scene]:
    """A client of a fake server. The client leaves first, as a real one does."""
    logged = io.StringIO()
    log = Log(logged, "json")
    with FakeServer(connections) as server, StopSignal() as stop:
        dialect = DIALECTS[protocol]
        with Conversation(server.address, dialect, patience, stop, log) as conversation:
            yield Scene(conversation, server, stop, log, logged)
