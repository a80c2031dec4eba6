"""Asking one server, or all servers behind a name."""

import os
import socket
import time
from contextlib import closing

import pytest

from lanes.ask import LARGEST, LONGEST, SHARE, NoAnswer, Servers, fetch
from server.chat import clock
from server.http.app import create_app
from server.http.sessions import document
from server.http.webserver import WebServer
from tests.kit import snapshots
from tests.kit.fake_server import CHUNK, RESET, Action, FakeServer
from tests.kit.telling_servers import HOSTS, Swarm, registry


def test_a_server_that_left_dns_is_asked_until_it_stops_answering(two: Swarm) -> None:
    servers = two.servers()
    assert len(servers.snapshot().parts) == 2
    gone = two.hosts.pop(0)
    assert len(servers.snapshot().parts) == 2
    two.stop(gone)
    alone = servers.snapshot()
    assert (alone.replica, alone.missing) == ("server-2", ())  # the other is not reported missing
    left = two.hosts.pop()
    assert servers.snapshot().replica == "server-2"  # although the name is no longer known
    two.stop(left)
    with pytest.raises(NoAnswer, match=rf"no answer from {left}"):
        servers.snapshot()
    with pytest.raises(NoAnswer, match=r"the name 'tasks.server' is not known here"):
        servers.snapshot()


def test_a_server_with_ipv4_and_ipv6_is_one_even_if_it_listens_on_one(one: Swarm) -> None:
    one.hosts.append("::1")
    [answer], missing = one.servers().ask()
    assert (answer.host, missing) == ("127.0.0.1", [])
    with closing(WebServer(create_app(one.registries[0]), "::1", one.port)):
        assert len(one.servers().ask()[0]) == 1


def test_a_restarted_server_is_asked_for_everything(one: Swarm) -> None:
    servers = one.servers()
    assert [session.number for session in servers.snapshot().sessions] == [1]
    one.stop(one.hosts.pop())
    one.start(registry())
    for _ in range(2):  # the second answer omits what was in the first
        snapshot = servers.snapshot()
        assert snapshot.run == (one.registries[-1].snapshot().started_at, os.getpid())
        assert [session.peer for session in snapshot.sessions] == ["10.0.0.7:7"]


def test_servers_are_asked_less_often_if_an_answer_costs_more() -> None:
    def answered(timing: str) -> float:
        body = document(snapshots.snapshot(at=1))
        head = OK + timing.encode() + b"Content-Length: %d\r\n\r\n" % len(body)
        with FakeServer([[CHUNK, head + body]]) as fake:
            (servers := Servers(*fake.address)).ask()
        return servers.pause

    assert answered("Server-Timing: cpu;dur=8.5\r\n") == 8.5 / 1000 / SHARE
    assert answered("Server-Timing: cpu;dur=999999.5\r\n") == LONGEST
    for timing in ("", "Server-Timing: cpu;dur=1e9\r\n", "Server-Timing: cache\r\n"):
        assert answered(timing) == 0


def test_answers_say_how_far_a_clock_is_ahead(one: Swarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "EPOCH", time.time() - time.monotonic() + 100)
    answer = fetch(HOSTS[0], one.port)
    assert 0 < answer.within < 10
    assert abs(answer.ahead - 100) <= answer.within + 0.001  # the clocks are read in turn


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ([OK + b"Content-Length: 3\r\n\r\nok\n"], "is not the document that lanes reads"),
        ([OK + b'Content-Length: 14\r\n\r\n{"version": 2}'], "has version 2; lanes reads 1"),
        ([OK + b"Content-Length: 9\r\n\r\nok\n"], "is not the document that lanes reads"),
        ([b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n"], "answered 404 Not Found"),
        ([b"+OK Thread-1: ready\r\n"], "no answer from 127.0.0.1 port"),
        ([RESET], "no answer from 127.0.0.1 port"),
        ([OK + b"Content-Length: 3\r\n\r\n", RESET], "no answer from 127.0.0.1 port"),
        ([OK + b"\r\n" + b" " * (LARGEST + 1)], "is not the document"),  # longer than lanes reads
    ],
)
def test_a_foreign_server_is_one_line_that_says_how_it_differs(
    actions: list[Action], told: str
) -> None:
    one_line = rf"^.*{told}.*\Z"
    with FakeServer([[CHUNK, *actions]]) as other, pytest.raises(NoAnswer, match=one_line):
        fetch(*other.address)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.ask.SECONDS", 0.05)
    with socket.create_server((HOSTS[0], 0)) as silent, pytest.raises(NoAnswer, match="timed out"):
        fetch(*silent.getsockname())


def test_an_ipv6_address_is_asked_with_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(host: str, *_: object) -> None:
        raise NoAnswer(host)

    found = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 80, 0, 1))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_words, **_options: found)
    monkeypatch.setattr("lanes.ask.fetch", refuse)
    with pytest.raises(NoAnswer, match=r"^fe80::1%lo$"):
        Servers("server", 80).ask()
