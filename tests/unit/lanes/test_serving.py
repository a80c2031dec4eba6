"""`lanes page` as a process: where it listens, what it limits, how it ends."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from click.testing import CliRunner

from lanes.__main__ import main
from lanes.page.serving import LIMITS
from server.http.app import create_app
from server.http.webserver import WebServer
from tests.kit import snapshots as told
from tests.kit.command import ROOT
from tests.kit.handlers import signal_until_it_ends
from tests.kit.http_get import LOOPBACK, get
from tests.kit.peer import deaf
from tests.kit.telling_servers import HOSTS, Swarm
from tests.kit.waiting import SECONDS, wait_until

Page = subprocess.Popen[str]


@contextmanager
def page(swarm: Swarm) -> Iterator[tuple[Page, int]]:
    """Run `lanes page`; yield the process and its port."""
    words = [sys.executable, "-m", "lanes", "page", "--port", "0"]
    with subprocess.Popen(
        [*words, "--from", f"{HOSTS[0]}:{swarm.port}"],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            found = re.fullmatch(r"The page is at http://127.0.0.1:(\d+)/\n", line)
            assert found, process.communicate()
            yield process, int(found[1])
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_silently_with_0(one: Swarm, number: int) -> None:
    with page(one) as (process, port):
        assert b'data-session="1"' in get(port, "/lanes.svg").body
        signal_until_it_ends(process, number)
        assert process.communicate(timeout=SECONDS) == ("", "")
        assert process.returncode == 0


def test_it_goes_on_while_no_server_answers_and_shows_the_next_one(one: Swarm) -> None:
    one.stop(one.hosts.pop())
    with page(one) as (_, port):
        assert get(port, "/").status == 503
        assert get(port, "/healthz").status == 200
        with closing(WebServer(create_app(one.registries[0]), LOOPBACK, one.port)):
            wait_until(lambda: b"10.0.0.7:7" in get(port, "/").body)


def test_an_address_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        shown = CliRunner().invoke(main, ["page", "--port", str(port)])
    assert shown.exit_code == 1
    assert shown.output == (
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use. "
        "Choose another with --host or --port.\n"
    )
    unknown = CliRunner().invoke(main, ["page", "--host", "nowhere.invalid"])
    assert unknown.exit_code == 1
    assert unknown.output.count("\n") == 1


@pytest.mark.parametrize("said", ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: l"])
def test_slow_viewers_keep_nobody_out(
    one: Swarm, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    full = told.crowded("pool")
    monkeypatch.setattr(one.registries[0], "snapshot", lambda: full)
    with page(one) as (_, port), ExitStack() as stack:
        for _ in range(LIMITS["connection_limit"] // 2):
            stack.enter_context(deaf((LOOPBACK, port), said.encode(), 2048))
        for _ in range(3):  # 503 if the machine is too busy to ask the server in time
            wait_until(lambda: get(port, "/").status == 200)


def test_a_viewer_who_pipelines_requests_gets_one_answer(one: Swarm) -> None:
    with page(one) as (_, port), socket.create_connection((LOOPBACK, port), SECONDS) as greedy:
        greedy.sendall(b"GET / HTTP/1.1\r\n\r\n" * 400)
        with greedy.makefile("rb") as answers:
            assert answers.read().count(b"HTTP/1.1 200 OK") == 1


def test_a_hanging_viewer_is_disconnected(one: Swarm) -> None:
    with page(one) as (_, port), socket.create_connection((LOOPBACK, port), SECONDS) as hanging:
        assert hanging.recv(1) == b""
