"""The HTTP port, asked over HTTP."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from server.registry import Registry
from server.web import create_app
from server.webserver import WebServer
from tests.unit.running import SECONDS, RunningServer

Ask = Callable[..., tuple[int, bytes]]


@pytest.fixture
def registry() -> Registry:
    return Registry(model="thread", protocol="lines", max_clients=3)


@pytest.fixture
def ask(registry: Registry) -> Iterator[Ask]:
    server = WebServer(create_app(registry), "127.0.0.1", 0)

    def ask(path: str, method: str = "GET") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        connection.request(method, path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    yield ask
    server.close()


def sessions(ask: Ask) -> dict[str, Any]:
    status, body = ask("/sessions.json")
    assert status == 200
    page: dict[str, Any] = json.loads(body)
    return page


def test_a_server_that_answers_is_well(ask: Ask) -> None:
    assert ask("/healthz") == (200, b"ok\n")


def test_the_sessions_are_those_of_the_registry(ask: Ask, registry: Registry) -> None:
    record = registry.admit("127.0.0.1:1")
    assert record is not None
    registry.refuse("busy")
    page = sessions(ask)
    (session,) = page.pop("sessions")
    assert page == {
        "model": "thread",
        "protocol": "lines",
        "pid": page["pid"],
        "open": 1,
        "serving": 0,
        "peak_serving": 0,
        "accepted": 1,
        "refused": {"busy": 1, "closing": 0},
        "settings": {},
        "at": page["at"],
        "started_at": page["started_at"],
    }
    assert session == {
        "number": 1,
        "peer": "127.0.0.1:1",
        "client": "127.0.0.1:1",
        "thread": None,
        "native_id": None,
        "state": "waiting",
        "accepted_at": record.accepted_at,
        "served_at": None,
        "closed_at": None,
        "messages": 0,
        "bytes_in": 0,
        "bytes_out": 0,
        "end": None,
    }


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/healthz", "/sessions.json"])
def test_nothing_can_be_changed_there(ask: Ask, method: str, path: str) -> None:
    assert ask(path, method)[0] == 405


def test_asking_takes_no_number(ask: Ask) -> None:
    for _ in range(3):
        ask("/healthz")
    assert sessions(ask)["accepted"] == 0


def test_its_threads_are_not_named_like_lanes(ask: Ask) -> None:
    ask("/healthz")
    names = {thread.name for thread in threading.enumerate()}
    assert "http" in names
    assert not any(name.startswith(("Thread-", "Worker-")) for name in names)


def test_a_page_can_be_read_while_clients_are_served(
    ask: Ask, start_server: Callable[..., RunningServer]
) -> None:
    peer = start_server().greeted()
    assert ask("/healthz")[0] == 200
    assert peer.say("Hey").startswith("+OK")
