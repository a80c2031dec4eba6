"""Serves the page with waitress, in a process that serves no clients.

Waitress's own limits bound what a slow or greedy viewer can hold.
"""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.task import ErrorTask

from lanes.ask import Source
from lanes.page.app import HEADERS, create_app
from lanes.signals import until_stopped

LIMITS: dict[str, Any] = {
    "threads": 8,
    "connection_limit": 50,  # each holds a page, of 1 MiB at most
    "channel_timeout": 5,  # seconds without a byte either way
    "cleanup_interval": 1,
    "max_request_header_size": 16 * 1024,
    "max_request_body_size": 16 * 1024,  # no page here uses one
    "outbuf_overflow": 16 * 1024 * 1024,  # in memory, not in a file: every page fits
    "asyncore_use_poll": True,  # select takes no descriptor above 1,023
    "log_socket_errors": False,  # a viewer that has left is not an error
}


class OneRequest(HTTPRequestParser):
    """The first request of a connection is its last.

    Viewers that pipeline requests and read no answers would block waitress's threads for good, and
    hold 16 MiB each.
    """

    def received(self, data: bytes) -> int:
        """Discard what follows the first request: parsing it would hold up the others."""
        super().received(data)
        return len(data)

    def parse_header(self, header_plus: bytes) -> None:
        """Make waitress close the connection after the answer."""
        super().parse_header(header_plus)
        self.headers = {**self.headers, "CONNECTION": "close"}


class ErrorAnswer(ErrorTask):
    """Promise 12: even the answer to something that is not a request has the security headers."""

    def execute(self) -> None:
        """Write the answer."""
        self.response_headers = list(HEADERS.items())
        super().execute()


class Channel(HTTPChannel):
    """A viewer's connection."""

    parser_class = OneRequest
    error_task_class = ErrorAnswer


def serve(servers: Source, host: str, port: int) -> None:
    """Serve the page until SIGTERM or SIGINT. Raises OSError if it cannot listen."""
    with until_stopped() as stopped, serving(servers, host, port):
        stopped(None)


@contextmanager
def serving(servers: Source, host: str, port: int) -> Iterator[None]:
    """Serve the page in a thread that ends with the process. Raises OSError if it cannot listen."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # waiting viewers are normal
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))  # waitress calls `listen`
        server = create_server(create_app(servers), sockets=[bound], **LIMITS)
        server.channel_class = Channel  # type: ignore[union-attr]  # with one socket, it has one
        shown, own_port = f"[{host}]" if ":" in host else host, bound.getsockname()[1]
        # In a container only the engine knows where the port is published.
        everywhere = host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound
        where = f"on port {own_port}" if everywhere else f"at http://{shown}:{own_port}/"
        click.echo(f"The page is {where}")
        threading.Thread(target=server.run, name="page", daemon=True).start()
        yield
        # The socket is closed while waitress still runs.
        logging.getLogger("waitress").setLevel(logging.CRITICAL)
