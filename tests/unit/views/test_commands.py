"""`health` and `lanes`, asked in this process of servers that a name stands for."""

import json
import socket
from collections.abc import Callable, Iterator
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

StartServer = Callable[..., RunningServer]
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")  # as many servers can have the same port


class Swarm:
    """Replicas on one port, and a name that stands for all of them, and for who is not there."""

    def __init__(self) -> None:
        self.port = free_port()  # where nobody is, until the first one starts
        self.hosts: list[str] = []
        self._servers: dict[str, WebServer] = {}

    def start(self, registry: Registry) -> None:
        host = HOSTS[len(self.hosts)]
        self.hosts.append(host)
        port = self.port if self._servers else 0
        self._servers[host] = WebServer(create_app(registry), host, port, HEADERS)
        self.port = self._servers[host].port

    def stop(self, host: str) -> None:
        self._servers.pop(host).close()

    def close(self) -> None:
        for host in list(self._servers):
            self.stop(host)

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
        ahead, within = name.split("clock ")[1].split(" s from here (\N{PLUS-MINUS SIGN}")
        assert abs(float(ahead)) <= float(within.split(")")[0]) + 0.001  # as it is rounded


def test_who_does_not_answer_is_told_in_the_picture(two: Swarm) -> None:
    two.hosts.append(HOSTS[2])
    shown = two.lanes("--from", "tasks.server")
    assert shown.exit_code == 0
    assert f"no answer from {HOSTS[2]} port {two.port}: " in shown.output
    assert "server-2/Thread-1" in shown.output


def test_who_has_left_the_name_is_shown_until_it_answers_no_more(two: Swarm) -> None:
    onlooker = Onlooker("127.0.0.1", two.port, "tasks.server")
    assert len(onlooker.picture("/lanes.json").lanes) == 2
    gone = two.hosts.pop(0)
    assert len(onlooker.picture("/lanes.json").lanes) == 2
    two.stop(gone)
    picture = onlooker.picture("/lanes.json")
    assert [lane.thread for lane in picture.lanes] == ["server-2/Thread-1"]
    assert len(picture.replicas) == 1  # nobody misses it


def test_a_trace_without_one_that_does_not_answer_says_so(two: Swarm) -> None:
    two.hosts.append(HOSTS[2])
    shown = two.lanes("--from", "tasks.server", "--trace", "-")
    assert shown.exit_code == 0
    assert f"Not in the trace: no answer from {HOSTS[2]} port {two.port}: " in shown.stderr
    assert json.loads(shown.stdout)["traceEvents"]


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
    assert shown.output.startswith(
        "Error: the name 'nowhere' is not known here (Name or service not known); "
    )
    assert shown.output.count("\n") == 1


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


def test_a_file_stays_as_it_was_where_nobody_answers(
    swarm: Swarm, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("kept") / "lanes.svg"
    kept.write_text("of yesterday", encoding="utf-8")
    for option in ("--svg", "--trace"):
        assert swarm.lanes(option, str(kept)).exit_code == 1
        assert kept.read_text(encoding="utf-8") == "of yesterday"


@pytest.mark.parametrize("option", ["--svg", "--trace"])
def test_a_disk_that_is_full_is_one_line(two: Swarm, option: str) -> None:
    shown = two.lanes(option, "/dev/full")
    assert shown.exit_code == 1
    assert shown.output == "Error: cannot write to /dev/full: No space left on device\n"


def test_a_file_is_not_written_again_and_again(two: Swarm) -> None:
    shown = two.lanes("--watch", "--svg", "-")
    assert shown.exit_code == 2
    assert "a file is written once" in shown.output


@pytest.mark.parametrize("name", ["a..b", "", "x" * 70])
def test_what_can_be_no_name_is_one_line_too(swarm: Swarm, name: str) -> None:
    for words in (("lanes", "--from", name), ("--host", name or ".", "health")):
        asked = CliRunner().invoke(main, ["--status-port", str(swarm.port), *words])
        assert asked.exit_code == 1
        assert asked.output.startswith("Error: ")
        assert asked.output.count("\n") == 1
