"""A minimal HTTP client: one GET request, the whole answer."""

import http.client
import json
from contextlib import closing
from typing import Any, NamedTuple

from tests.kit.waiting import SECONDS

LOOPBACK = "127.0.0.1"


class Answer(NamedTuple):
    """A server's answer to one request."""

    status: int
    headers: dict[str, str]  # by name, in lower case
    body: bytes


def get(port: int, path: str, *, host: str = LOOPBACK, seconds: float = SECONDS) -> Answer:
    """Get a page. Raises OSError or HTTPException if there is no answer."""
    with closing(http.client.HTTPConnection(host, port, timeout=seconds)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())


def get_sessions(port: int, *, host: str = LOOPBACK) -> dict[str, Any]:
    """Return the current /sessions.json."""
    sessions: dict[str, Any] = json.loads(get(port, "/sessions.json", host=host).body)
    return sessions
