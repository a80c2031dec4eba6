"""The HTTP port: whether the server is well, and what its sessions are doing right now.

Health checks come here and never to the chat port: a probe must not take a thread or a number.
Every page is drawn from `registry.snapshot()` alone.
"""

import socket
import threading
from dataclasses import fields

from flask import Flask, Response, jsonify
from waitress.server import create_server

from server.registry import Registry, Snapshot

CONNECTIONS = 32  # at once; more wait in the backlog, and take no descriptor from the clients
IDLE_SECONDS = 5  # until a connection that asks nothing is closed, and makes room


def create_app(registry: Registry) -> Flask:
    """The pages."""
    app = Flask(__name__)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/sessions.json")
    def sessions() -> Response:
        return jsonify(_facts(registry.snapshot()))

    return app


def _facts(snapshot: Snapshot) -> dict[str, object]:
    facts = {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}
    del facts["totals"], facts["refusals"]  # /metrics has those
    return {**facts, "sessions": [record.facts() for record in snapshot.sessions]}


class StatusServer:
    """Serves the pages, in threads whose names nobody takes for a lane: `http`, `waitress-N`."""

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
