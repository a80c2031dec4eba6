"""The HTTP port: whether the server is well, and what its sessions are doing right now.

Health checks come here and never to the chat port: a probe must not take a thread or a number.
Every page is drawn from `registry.snapshot()` alone.
"""

from dataclasses import fields

from flask import Flask, Response, jsonify

from server.registry import Registry, Snapshot


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
