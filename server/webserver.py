"""Serves the HTTP port, on waitress, so that nobody who hangs on it holds up the rest.

    http: accept, read, parse -> waitress-N: draw, send what fits -> http: send the rest, close

What one who asks can hold is bounded: a connection, its thread and one answer, for a few seconds
if nothing moves. So is how many can: their pages, of 1 MiB at the most, take a third of the 256 MiB
that the container has.
"""

import logging
import socket
import threading
from typing import cast

from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server

# At once: 64 that hang, and some who ask meanwhile. More wait in the backlog, and take nothing from
# the clients: `options.SPARE_DESCRIPTORS` counts these.
CONNECTIONS = 80

# One for each of them, so that no request queues behind another. Drawings are made one after the
# other: with waitress' own four threads, 64 that asked for different ones made `/healthz` wait for
# five seconds; so they do for a fifth of one. An idle thread costs 16 KiB.
THREADS = CONNECTIONS

# Until a connection is closed whose other end sends nothing, or reads nothing, and makes room.
IDLE_SECONDS = 5

# Bytes of the head of a request, and of its body, which no page here has a use for. Waitress would
# take 256 KiB and 1 GiB, and keep that in /tmp, which is memory in a container.
REQUEST_BYTES = 16 * 1024

# Bytes that are read at once. Requests that follow the first within them are parsed in vain.
READ_BYTES = 1024

# Bytes that the kernel holds for one that does not read; it would take 4 MiB. The rest waits here.
SEND_BUFFER = 64 * 1024

# Bytes up to which that rest waits in memory: every page, which is 1 MiB at the most. In a file it
# would take a second descriptor, and memory all the same.
ANSWER_BYTES = 16 * 1024 * 1024


class OnlyRequest(HTTPRequestParser):
    """The first request of a connection is its last.

    Requests may follow at once (pipelining), and waitress would answer one after the other while
    nobody reads: 16 MiB for each connection, and then its thread would hang.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Have waitress think that the client wants it closed, too, and does not ask to go on."""
        super().parse_header(header_plus)
        self.headers = {**self.headers, "CONNECTION": "close"}
        self.expect_continue = False  # or waitress would ask for a body that it has refused


class Channel(HTTPChannel):
    """A connection to one who asks."""

    parser_class = OnlyRequest


class WebServer:
    """Serves an app, in threads whose names nobody takes for a lane: `http`, `waitress-N`."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
        # Accepted sockets inherit these (tcp(7)). The kernel itself ends a connection whose peer
        # takes nothing: waitress waits until it can send before it closes one, so for ever.
        milliseconds = IDLE_SECONDS * 1000
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.port: int = listening.getsockname()[1]
        # With a thread for each it would only warn of threads that have yet to begin.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, socket.socket] = {}  # waitress' own wrappers, in fact
        server = create_server(
            app,
            self._sockets,
            sockets=[listening],
            threads=THREADS,
            connection_limit=CONNECTIONS + 2,  # it counts the listening socket, and its own pipe
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            recv_bytes=READ_BYTES,
            max_request_header_size=REQUEST_BYTES,
            max_request_body_size=REQUEST_BYTES,
            outbuf_overflow=ANSWER_BYTES,
            log_socket_errors=False,  # that a client has gone, or was given up, is no fault
        )
        self._server = cast("BaseWSGIServer", server)  # as it is for one socket
        self._server.channel_class = Channel
        self._stopping = threading.Event()
        # A daemon, so that an error elsewhere ends the process.
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Not `select`: that takes no descriptor above 1,023.
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
        wasyncore.close_all(self._sockets)

    def close(self) -> None:
        """Stop listening and end all connections; the threads have ended then."""
        self._server.task_dispatcher.shutdown()  # first: they use what `http` closes
        self._stopping.set()
        self._server.pull_trigger()  # or it would find out within a second
        self._thread.join()
