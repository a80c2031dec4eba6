"""`health` and `lanes`, asked in this process of servers that a name stands for."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner, Result

from server.__main__ import main
from server.registry import Registry
from server.web import HEADERS, create_app
from server.webserver import WebServer
from tests.unit.running import RunningServer

StartServer = Callable[..., RunningServer]
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")  # as many servers can have the same port


class Swarm:
    """Replicas on one port, and a name that stands for all of them, and for who is not there."""

    def __init__(self) -> None:
        self.port = free_port()
        self.hosts: list[str] = []
        self._stack = ExitStack()

    def start(self, registry: Registry) -> None:
        host = HOSTS[len(self.hosts)]
        self.hosts.append(host)
        status = WebServer(create_app(registry), host, self.port, HEADERS)
        self._stack.callback(status.close)

    def close(self) -> None:
        self._stack.close()

    def lanes(self, *words: str) -> Result:
        asked = ["--status-port", str(self.port), "lanes", *words]
        return CliRunner().invoke(main, asked, prog_name="python -m server")


def free_port() -> int:
    with socket.create_server((HOSTS[0], 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Swarm]:
    swarm, resolve = Swarm(), socket.getaddrinfo

    def look_up(host: str, *words: int, **options: int) -> list[Any]:
        if host != "tasks.server":
            return resolve(host, *words, **options)
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*address, (one, swarm.port)) for one in swarm.hosts]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield swarm
    swarm.close()


@pytest.fixture
def two(swarm: Swarm, start_server: StartServer) -> Swarm:
    """Two replicas, each with a client that it serves."""
    for replica in ("server-1", "server-2"):
        server = start_server(replica=replica)
        server.greeted()
        server.record(1)
        swarm.start(server.registry)
    return swarm


def test_all_replicas_of_a_name_are_one_picture(two: Swarm) -> None:
    shown = two.lanes("--from", "tasks.server")
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[0] == "model test  clients now 2  served at once 2  messages 0  refused 0"
    assert [line.split(":")[0] for line in lines[1:3]] == [
        "server-1 at 127.0.0.1",
        "server-2 at 127.0.0.2",
    ]
    assert "server-1/Thread-1  " in shown.output
    assert "server-2/Thread-1  " in shown.output


def test_clocks_of_one_machine_are_the_same(two: Swarm) -> None:
    trace = json.loads(two.lanes("--from", "tasks.server", "--trace", "-").output)
    names = [e["args"]["name"] for e in trace["traceEvents"] if e["name"] == "process_name"]
    for name in names:
        ahead, within = name.split("clock ")[1].split(" s (\N{PLUS-MINUS SIGN}")
        assert abs(float(ahead)) <= float(within.split(")")[0]) + 0.001  # as it is rounded


def test_who_does_not_answer_is_told_in_the_picture(two: Swarm) -> None:
    two.hosts.append(HOSTS[2])
    shown = two.lanes("--from", "tasks.server")
    assert shown.exit_code == 0
    assert f"no answer from {HOSTS[2]} port {two.port}: " in shown.output
    assert "server-2/Thread-1" in shown.output


def test_where_none_answers_it_is_one_line_and_exit_code_1(swarm: Swarm) -> None:
    swarm.hosts.append(HOSTS[0])
    shown = swarm.lanes("--from", "tasks.server")
    assert shown.exit_code == 1
    assert shown.output.startswith(f"Error: no answer from {HOSTS[0]} port {swarm.port}: ")
    assert shown.output.count("\n") == 1


def test_a_name_that_is_unknown_is_one_line_too(
    swarm: Swarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_words: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    shown = swarm.lanes("--from", "nowhere")
    assert shown.exit_code == 1
    assert shown.output == (
        "Error: the name nowhere is not known here (Name or service not known). "
        "Is the server running?\n"
    )


@pytest.mark.parametrize("words", [(), ("--from", "tasks.server")])
def test_an_svg_and_a_trace_are_written_instead(
    two: Swarm, words: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    drawing, trace = folder / "lanes.svg", folder / "trace.json"
    shown = two.lanes(*words, "--svg", str(drawing), "--trace", str(trace))
    assert (shown.exit_code, shown.output) == (0, "")
    root = fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314 - it is our own
    assert root.tag.endswith("svg")
    events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    assert sum(event["name"] == "process_name" for event in events) == (2 if words else 1)


@pytest.mark.parametrize("words", [(), ("--from", "tasks.server")])
def test_a_picture_of_another_version_is_told_as_such(
    swarm: Swarm, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    swarm.start(Registry(model="thread", protocol="lines", max_clients=3))
    monkeypatch.setattr("server.views.picture.Picture.to_json", lambda _picture: '{"shape": "new"}')
    shown = swarm.lanes(*words)
    assert shown.exit_code == 1
    assert "what it tells is no picture that this version knows" in shown.output
