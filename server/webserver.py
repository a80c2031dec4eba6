"""Serves the HTTP port, on waitress, so that nobody who hangs on it holds up the rest.

    http: accept, read, parse -> Dispatcher: answer, send what fits -> http: send the rest, close

What one client can hold is bounded: a connection and one answer, for about 5 seconds if nothing
moves and about 15 whatever moves. A page that is still being drawn is finished first. How many can
is bounded too: 80 pages, of 1 MiB at the most, are a third of the container's 256 MiB.
"""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import structlog
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from server.connection import RESET_ON_CLOSE
from server.dispatcher import Dispatcher
from server.port import bind

# At once: 64 that hang, and some who ask meanwhile. More wait in the backlog, and take nothing from
# the clients: `options.SPARE_DESCRIPTORS` counts these.
CONNECTIONS = 80

# The idle time-out: a connection is closed when its client has sent nothing and read nothing for
# this long. It starts anew with every byte.
IDLE_SECONDS = 5

# The deadline of a whole connection, whatever moves: a byte now and then does not keep a place. The
# largest page, 1 MiB, takes 9 seconds at 1 Mbit/s, after at most 5 in which others' are drawn.
CONNECTION_SECONDS = 15

# Bytes of the head of a request, and of its body, which no page here has a use for. Waitress would
# take 256 KiB and 1 GiB, and keep that in /tmp, which is memory in a container.
REQUEST_BYTES = 16 * 1024

# Bytes that are read at once. Pipelined requests within them are read and dropped.
READ_BYTES = 1024

# Bytes of an answer that wait in memory, besides what the kernel holds (server/port.py): every page
# fits, which is 1 MiB at the most. In a file it would take a second descriptor, and memory all the
# same.
ANSWER_BYTES = 16 * 1024 * 1024

FAULT_PAUSE = 1.0  # seconds after a fault of the `http` thread: one that stays must not spin
ACCEPT_PAUSE = 0.1  # seconds after the system had no descriptor for a connection: likewise

log = structlog.get_logger()


class OnlyRequest(HTTPRequestParser):
    """The first request of a connection is its last.

    Pipelined requests are read and dropped. Waitress would answer one after the other while nobody
    reads: 16 MiB for each connection, and then its thread would hang.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Have waitress think that the client wants it closed, too, and does not ask to go on."""
        super().parse_header(header_plus)
        self.headers = {**self.headers, "CONNECTION": "close"}
        self.expect_continue = False  # or waitress would ask for a body that it has refused


class Complaint(ErrorTask):
    """The answer to what is no request, which no app is asked for; with the app's headers."""

    def execute(self) -> None:
        """Answer."""
        self.response_headers = [*self.channel.server.headers.items()]  # type: ignore[attr-defined]  # our Server's
        super().execute()


class Channel(HTTPChannel):
    """A connection to a client."""

    parser_class = OnlyRequest
    error_task_class = Complaint

    def is_overdue(self) -> bool:
        """Whether its deadline has passed and no thread is at work for it; for `http` alone.

        A thread that draws is done soon. It keeps its connection until then: so no more requests
        are under way than there are connections. Only `http` adds to `requests`.
        """
        return not self.requests and self.creation_time + CONNECTION_SECONDS < time.time()

    def reset(self) -> None:
        """End it at once: the kernel does not keep the rest for a client that reads slowly."""
        with suppress(OSError):  # the client ended it meanwhile
            # Only one that is closed has no socket.
            self.socket.setsockopt(  # type: ignore[union-attr]
                socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
            )
        self.handle_close()


class Server(TcpWSGIServer):
    """The listening socket."""

    channel_class = Channel
    headers: Mapping[str, str]  # of every answer; the app's have them already

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Accept a connection, if one is there and the system has a descriptor for it.

        If not it stays in the backlog, and `poll` would return at once: this pauses.
        """
        try:
            return super().accept()
        except OSError as error:
            log.warning("cannot accept on the HTTP port, trying again", error=str(error))
            time.sleep(ACCEPT_PAUSE)
            return None

    def handle_accept(self) -> None:
        """Accept a connection. A fault costs that one; waitress would close the port for it."""
        try:
            super().handle_accept()
        except Exception:
            log.exception("cannot accept on the HTTP port")


class WebServer:
    """Serves an app, in threads whose names nobody takes for a lane: `http`, `health`, `pages-N`.

    `headers` are those of the answers that the app is not asked for: to what is no request. Raises
    OSError where the address cannot be had, RuntimeError where no thread can be started.
    """

    def __init__(self, app: Flask, host: str, port: int, headers: Mapping[str, str]) -> None:
        dispatcher = Dispatcher()
        dispatcher.start()
        # The kernel itself ends a connection whose peer takes nothing: waitress' idle time-out is
        # looked at only where it can send. (Where the kernel cannot, the deadline ends it.)
        listening = bind(host, port, IDLE_SECONDS)  # waitress has it listen
        self.port: int = listening.getsockname()[1]
        self._sockets: dict[int, socket.socket] = {}  # waitress' own wrappers, in fact
        self._server = Server(
            app,
            self._sockets,
            _sock=listening,
            dispatcher=dispatcher,
            sockinfo=(listening.family, socket.SOCK_STREAM, 0, listening.getsockname()),
            bind_socket=False,
            connection_limit=CONNECTIONS + 2,  # it counts the listening socket, and its own pipe
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            recv_bytes=READ_BYTES,
            max_request_header_size=REQUEST_BYTES,
            max_request_body_size=REQUEST_BYTES,
            outbuf_overflow=ANSWER_BYTES,
            log_socket_errors=False,  # that a client has gone, or was given up, is no fault
        )
        self._server.headers = headers
        self._stopping = threading.Event()
        # A daemon, so that an error elsewhere ends the process.
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._reset_overdue()
                # Not `select`: that takes no descriptor above 1,023.
                wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
            except Exception:  # a fault must not end the port without a word
                log.exception("the HTTP port failed, trying again")
                self._stopping.wait(FAULT_PAUSE)

    def _reset_overdue(self) -> None:
        for channel in list(self._sockets.values()):
            if isinstance(channel, Channel) and channel.is_overdue():
                channel.reset()

    def close(self) -> None:
        """Stop listening and end all connections; the threads have ended then."""
        self._server.task_dispatcher.shutdown()  # first: they use what is closed below
        self._stopping.set()
        self._server.pull_trigger()  # or it would find out within a second
        self._thread.join()
        # Not by `http` itself: woken by a client first, it would close the trigger under our hand.
        wasyncore.close_all(self._sockets)
