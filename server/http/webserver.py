"""Serves the HTTP port with waitress; each change to it names its promise (docs/reliability.md)."""

import logging
import socket
import threading
import time
from typing import Any

import structlog
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from server.chat.sockets import bind
from server.http.app import HEADERS, App

CONNECTIONS = 80  # at once: 64 that hang, and some that ask; more wait in the backlog
IDLE_SECONDS = 5  # without a byte either way
REQUEST_BYTES = 16 * 1024  # of a head, and of a body, which nothing here needs
ACCEPT_PAUSE = 0.1  # seconds

log = structlog.get_logger()
logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # an answer that waits is no news


class _OneRequest(HTTPRequestParser):
    """Promise 3: pipelined requests whose answers are not read would block waitress's threads."""

    def received(self, data: bytes) -> int:
        super().received(data)
        return len(data)  # what follows the first request is not even parsed

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        self.headers = {**self.headers, "CONNECTION": "close"}


class _ErrorAnswer(ErrorTask):
    """Promise 12: the answer to something that is not a request has the security headers too."""

    def execute(self) -> None:
        self.response_headers = list(HEADERS.items())
        super().execute()


class _Channel(HTTPChannel):
    parser_class = _OneRequest
    error_task_class = _ErrorAnswer


class _Server(TcpWSGIServer):
    channel_class = _Channel
    health: ThreadedTaskDispatcher

    def add_task(self, task: Any) -> None:  # noqa: ANN401 - waitress hands over its channel
        """Promise 3: health checks have their own thread, so they wait for no other answer."""
        is_health = getattr(task.requests[0], "path", "") == "/healthz"
        (self.health if is_health else self.task_dispatcher).add_task(task)

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Promise 5: pause if descriptors run out; the connection stays in the backlog."""
        try:
            return super().accept()
        except OSError as error:
            log.warning("cannot accept on the HTTP port, trying again", error=str(error))
            time.sleep(ACCEPT_PAUSE)
            return None


class WebServer:
    """Serves an app on `port` until it is closed. Raises OSError or RuntimeError if it cannot."""

    def __init__(self, app: App, host: str, port: int) -> None:
        listening = bind(host, port, IDLE_SECONDS)
        self.port: int = listening.getsockname()[1]
        self._sockets: dict[int, Any] = {}  # waitress's own wrappers
        self._server = _Server(
            app,
            self._sockets,
            _sock=listening,
            sockinfo=(listening.family, socket.SOCK_STREAM, 0, listening.getsockname()),
            bind_socket=False,
            threads=1,  # answering is computing: more threads would only take turns
            connection_limit=CONNECTIONS + 2,  # waitress counts the listening socket and its pipe
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
            max_request_header_size=REQUEST_BYTES,
            max_request_body_size=REQUEST_BYTES,
            log_socket_errors=False,  # a client that has gone is no error
        )
        self._server.health = ThreadedTaskDispatcher()
        self._server.health.set_thread_count(1)
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            # Not `select`, which takes no descriptor above 1,023.
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)

    def close(self) -> None:
        """Stop listening and end all connections."""
        self._server.task_dispatcher.shutdown()  # first: their threads use what is closed below
        self._server.health.shutdown()
        self._closing = True
        self._server.pull_trigger()
        self._thread.join()
        wasyncore.close_all(self._sockets)
