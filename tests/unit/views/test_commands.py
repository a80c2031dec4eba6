"""`health` and `lanes`, asked in this process of servers that a name stands for."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner, Result

from server.__main__ import main
from server.onlooker import Onlooker
from server.registry import Registry
from server.web import HEADERS, create_app
from server.webserver import WebServer
from tests.kit.running_server import RunningServer
from tests.kit.waiting import SECONDS

NAME = ("--from", "tasks.server")
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")  # as many servers can have the same port


class Swarm:
    """Replicas on one port, and a name that stands for all of them, and for who is not there."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self._servers: dict[str, WebServer] = {}
        self._nobody = socket.socket()  # has a port where nobody listens, until the first starts
        self._nobody.bind((HOSTS[0], 0))
        self.port: int = self._nobody.getsockname()[1]

    def start(self, registry: Registry) -> None:
        host = HOSTS[len(self.hosts)]
        self.hosts.append(host)
        port = self.port if self._servers else 0
        self._servers[host] = WebServer(create_app(registry), host, port, HEADERS)
        self.port = self._servers[host].port

    def stop(self, host: str) -> None:
        self._servers.pop(host).close()

    def close(self) -> None:
        self._nobody.close()
        for host in list(self._servers):
            self.stop(host)

    def ask(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--status-port", str(self.port), *words])

    def lanes(self, *words: str) -> Result:
        return self.ask("lanes", *words)


@pytest.fixture
def swarm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Swarm]:
    monkeypatch.setattr("server.status.SECONDS", SECONDS)
    swarm, resolve = Swarm(), socket.getaddrinfo

    def look_up(host: str, *words: int, **options: int) -> list[Any]:
        if host == "nowhere":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if host != "tasks.server":
            return resolve(host, *words, **options)
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*address, (one, swarm.port)) for one in swarm.hosts]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield swarm
    swarm.close()


@pytest.fixture
def two(swarm: Swarm, start_server: Callable[..., RunningServer]) -> Swarm:
    """Two replicas, each with a client that it serves."""
    for replica in ("server-1", "server-2"):
        server = start_server(replica=replica)
        server.greeted()
        server.record(1)
        swarm.start(server.registry)
    return swarm


def test_all_replicas_of_a_name_are_one_picture(two: Swarm) -> None:
    shown = two.lanes(*NAME)
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[0] == "model test  clients now 2  served at once 2  messages 0  refused 0"
    replicas = ["server-1 at 127.0.0.1", "server-2 at 127.0.0.2"]
    assert [line.split(":")[0] for line in lines[1:3]] == replicas
    assert "server-1/Thread-1  " in shown.output
    assert "server-2/Thread-1  " in shown.output


def test_a_replica_that_does_not_answer_is_named_beside_the_picture_and_the_trace(
    two: Swarm,
) -> None:
    two.hosts.append(HOSTS[2])
    silent = f"no answer from {HOSTS[2]} port {two.port}: "
    shown = two.lanes(*NAME)
    assert shown.exit_code == 0
    assert silent in shown.output
    assert "server-2/Thread-1" in shown.output
    shown = two.lanes(*NAME, "--trace", "-")
    assert shown.exit_code == 0
    assert f"Not in the trace: {silent}" in shown.stderr
    assert json.loads(shown.stdout)["traceEvents"]


def test_a_replica_that_has_left_the_name_is_shown_until_it_answers_no_more(two: Swarm) -> None:
    onlooker = Onlooker("127.0.0.1", two.port, "tasks.server")
    assert len(onlooker.picture("/lanes.json").lanes) == 2
    gone = two.hosts.pop(0)
    assert len(onlooker.picture("/lanes.json").lanes) == 2
    two.stop(gone)
    picture = onlooker.picture("/lanes.json")
    assert [lane.thread for lane in picture.lanes] == ["server-2/Thread-1"]
    assert len(picture.replicas) == 1  # nobody misses it


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lanes", *NAME), "no answer from 127.0.0.1 port {port}: "),
        (
            ("lanes", "--from", "nowhere"),
            "the name 'nowhere' is not known here (Name or service not known); ",
        ),
        *[(("lanes", "--from", name), "the name '") for name in ("a..b", "", "x" * 70)],
        *[(("--host", name, "health"), "no answer from ") for name in ("a..b", ".", "x" * 70)],
        (("--host", "a b", "health"), "URL can't contain control characters. 'a b'"),
    ],
)
def test_where_nobody_answers_it_is_one_line_and_exit_code_1(
    swarm: Swarm, words: tuple[str, ...], told: str
) -> None:
    swarm.hosts.append(HOSTS[0])
    shown = swarm.ask(*words)
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: " + told.format(port=swarm.port))
    assert shown.output.count("\n") == 1


@pytest.mark.parametrize("words", [(), NAME])
def test_an_svg_and_a_trace_are_written_instead(
    two: Swarm, words: tuple[str, ...], tmp_path: Path
) -> None:
    drawing, trace = tmp_path / "lanes.svg", tmp_path / "trace.json"
    shown = two.lanes(*words, "--svg", str(drawing), "--trace", str(trace))
    assert (shown.exit_code, shown.output) == (0, "")
    root = fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314 - it is our own
    assert root.tag.endswith("svg")
    events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    assert sum(event["name"] == "process_name" for event in events) == (2 if words else 1)


@pytest.mark.parametrize("words", [(), NAME])
def test_a_picture_of_another_version_is_recognized_as_such(
    swarm: Swarm, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    swarm.start(Registry(model="thread", protocol="lines", max_clients=3))
    monkeypatch.setattr("server.views.picture.Picture.to_json", lambda _picture: '{"shape": "new"}')
    shown = swarm.lanes(*words)
    assert shown.exit_code == 1
    assert "what it tells is no picture that this version knows" in shown.output


@pytest.mark.parametrize("option", ["--svg", "--trace"])
def test_a_file_stays_as_it_was_where_nobody_answers_and_a_full_disk_is_one_line(
    swarm: Swarm, option: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("of yesterday", encoding="utf-8")
    assert swarm.lanes(option, str(kept)).exit_code == 1
    assert kept.read_text(encoding="utf-8") == "of yesterday"
    swarm.start(Registry(model="thread", protocol="lines", max_clients=3))
    shown = swarm.lanes(option, "/dev/full")
    assert shown.exit_code == 1
    assert shown.output == "Error: cannot write to /dev/full: No space left on device\n"


def test_a_file_is_not_written_again_and_again(swarm: Swarm) -> None:
    shown = swarm.lanes("--watch", "--svg", "-")
    assert shown.exit_code == 2
    assert "a file is written once" in shown.output
