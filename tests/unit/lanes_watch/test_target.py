"""What to watch: a command, a process, a port, a container."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lanes.watch.target import NotFound, of_command, of_container, of_pid, of_port
from tests.kit.fake_program import put_on_path
from tests.kit.puppet import Puppet
from tests.kit.server_process import reserve


def test_a_command_is_started_and_is_the_child_of_the_watcher() -> None:
    target = of_command([sys.executable, "-c", "raise SystemExit(3)"])
    assert target.child
    assert target.child.wait() == 3
    assert target.pids == (target.child.pid,)
    assert target.name.endswith("-c raise SystemExit(3)")
    assert target.ports == ()


@pytest.mark.parametrize(
    ("word", "why"), [("/no/such", "No such file or directory"), ("/", "Permission denied")]
)
def test_a_command_that_cannot_be_started_says_why(word: str, why: str) -> None:
    with pytest.raises(NotFound, match=f"cannot start {word}: {why}"):
        of_command([word])


def test_a_process_is_found_while_it_is_there() -> None:
    assert of_pid(os.getpid()) == ((os.getpid(),), f"process {os.getpid()}", (), None)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    with pytest.raises(NotFound, match=f"there is no process {ended.pid} here"):
        of_pid(ended.pid)


LISTEN = """
listener = socket.create_server(({host!r}, 0), family=socket.{family})
said = listener.getsockname()[1]
"""


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", "AF_INET"), ("::1", "AF_INET6")])
def test_a_port_leads_to_the_process_that_listens_on_it(host: str, family: str) -> None:
    with Puppet() as puppet:
        port = puppet.do(LISTEN.format(host=host, family=family))
        assert of_port(port) == ((puppet.pid,), f"port {port}", (port,), None)


def test_the_server_is_watched_rather_than_its_children() -> None:
    with Puppet() as puppet:
        port = puppet.do(LISTEN.format(host="127.0.0.1", family="AF_INET"))
        child = puppet.do("""
import signal
said = os.fork()
if said == 0:
    signal.pause()
""")
        try:
            assert of_port(port).pids == (puppet.pid,)
        finally:
            os.kill(child, 9)


def test_a_port_without_a_listener_is_an_error() -> None:
    with reserve() as reserved:
        port = reserved.getsockname()[1]
        with pytest.raises(NotFound, match=f"nothing is listening on port {port} on this machine"):
            of_port(port)


STRANGER = """
import os, sys
from lanes.watch import target
os.setresuid(12345, 12345, 12345)
try:
    target.of_port(int(sys.argv[1]))
except target.NotFound as error:
    print(error, end="")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="to become somebody else takes rights")
def test_a_port_with_a_hidden_owner_says_so() -> None:
    with Puppet() as puppet:
        port = puppet.do(LISTEN.format(host="127.0.0.1", family="AF_INET"))
        words = [sys.executable, "-c", STRANGER, str(port)]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert said.startswith(f"port {port} is in use, but its process is not visible to you: ")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a shell script in place of the `docker` command."""

    def write(script: str) -> None:
        put_on_path(monkeypatch, tmp_path, "docker", f"#!/bin/sh\n{script}\n")

    return write


@pytest.mark.parametrize(("port", "ports"), [(None, ()), (80, (80,))])
def test_a_container_is_its_first_process(
    docker: Callable[[str], None], port: int | None, ports: tuple[int, ...]
) -> None:
    docker(f"""[ "$6" = web ] && echo '[{os.getpid()},""]'""")
    assert of_container("web", port) == ((os.getpid(),), "container web", ports, None)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'Error: No such container: web' >&2; exit 1", "the engine knows no container 'web'"),
        (
            r"printf 'cannot\033[2J connect\n' >&2; exit 1",
            r"(?s)not answer: cannot.*docker run --rm",
        ),
        ("echo '[0,\"\"]'", "container 'web' is not running"),
        ("echo '[4194305,\"10001:10001\"]'", r"(?s)4194305 cannot be seen.*--user 10001:10001 "),
        ("exec sleep 600", "has not answered within 0.5 s"),
    ],
)
def test_a_container_that_cannot_be_seen_says_why(
    docker: Callable[[str], None], script: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanes.watch.target.SECONDS", 0.5)
    docker(script)
    with pytest.raises(NotFound, match=why) as caught:
        of_container("web", None)
    assert "\033" not in str(caught.value)


def test_without_an_engine_the_command_to_run_beside_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFound, match=r"(?s)no docker command here.*--pid container:web"):
        of_container("web", 80)
