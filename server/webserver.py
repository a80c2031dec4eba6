"""Serves the HTTP port, on waitress, so that nobody who hangs on it holds up the rest."""

import socket
import threading

from flask import Flask
from waitress.server import create_server

CONNECTIONS = 32  # at once; more wait in the backlog, and take no descriptor from the clients
IDLE_SECONDS = 5  # until a connection that asks nothing is closed, and makes room


class WebServer:
    """Serves an app, in threads whose names nobody takes for a lane: `http`, `waitress-N`."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
        self.port: int = listening.getsockname()[1]
        self._server = create_server(
            app,
            sockets=[listening],
            asyncore_use_poll=True,  # `select` takes no descriptor above 1,023
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=1,
        )
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; the threads are daemons and end with the process."""
        self._server.close()
        self._server.task_dispatcher.shutdown()
