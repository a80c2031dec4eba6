"""`python -m server` as a user starts it: a process, its output, its exit code."""

import io
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest

from server.farewell import PLACES
from server.options import SPARE_DESCRIPTORS
from server.webserver import CONNECTIONS
from tests.kit.peer import Peer
from tests.kit.waiting import SECONDS, wait_until

COMMAND = [sys.executable, "-m", "server"]
FREE = ["--port", "0", "--status-port", "0"]
SHOW_CURSOR = "\x1b[?25h"

# pexpect forks, which Python 3.12 and later warn of where there are threads; it execs at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


class Process:
    """A server process and what it has said."""

    def __init__(self, *options: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *FREE, "--log-format", "json", *options],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[dict[str, str]] = []
        while not self.log or self.log[-1]["event"] != "listening":
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            self.log.append(json.loads(line))
        self.address = self.log[-1]["address"]
        self.status_port = str(self.log[0]["status_port"])

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send the signal, read the rest; the exit code and what was said on standard error."""
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=2 * SECONDS)
        self.log += map(json.loads, out.splitlines())
        return self.process.returncode, errors

    def end(self) -> None:
        """Stop it where the test has not: that is never a fault."""
        with self.process:
            if self.process.poll() is None:
                assert self.stop() == (0, "")


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    with ExitStack() as stack:

        def start(*options: str, **environment: str) -> Process:
            server = Process(*options, **environment)
            stack.callback(server.end)
            return server

        yield start


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, timeout=2 * SECONDS, check=False
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_it_and_it_exits_with_0(start: Callable[..., Process], number: int) -> None:
    server = start()
    peer = Peer(server.address)
    peer.line()
    peer.send(b"Hey\n")
    peer.line()
    server.process.send_signal(number)
    assert peer.rest().startswith(b"-ERR closing: ")
    peer.close()
    assert server.stop(number) == (0, "")


def test_the_log_tells_the_labs_story_with_thread_and_peer(start: Callable[..., Process]) -> None:
    server = start()
    peer = Peer(server.address)
    name = peer.name
    peer.line()
    peer.say("Hey Server!!! What will we do in today's lab????")
    peer.close()
    server.stop()
    story = [(line["event"], line["thread"]) for line in server.log if "peer" not in line]
    assert story == [
        ("bound", "MainThread"),
        ("listening", "MainThread"),
        ("draining", "MainThread"),
        ("stopped", "MainThread"),
    ]
    session = [(line["event"], line["thread"]) for line in server.log if line.get("peer") == name]
    assert session == [
        ("connected", "MainThread"),
        ("new connection", "Thread-1"),
        ("received from the client", "Thread-1"),
        ("bye", "Thread-1"),
    ]


def test_every_option_is_an_environment_variable_too(start: Callable[..., Process]) -> None:
    server = start(LANES_MODEL="pool", LANES_WORKERS="1")
    peer = Peer(server.address)
    assert peer.line() == "+OK Worker-1: ready\r\n"
    peer.close()
    options = re.findall(r"^  (--[a-z-]+)", run("--help").stdout, re.MULTILINE)
    variables = re.findall(r"env\s+var:\s+LANES_(\w+)", run("--help").stdout)
    assert [f"--{name.lower().replace('_', '-')}" for name in variables] == options


def test_one_lock_is_what_it_says(start: Callable[..., Process]) -> None:
    server = start("--model", "lock")
    first, second = Peer(server.address), Peer(server.address)
    holder, waiting = (
        (first, second) if first.line() == "+OK Thread-1: ready\r\n" else (second, first)
    )
    holder.close()
    assert waiting.line() == "+OK Thread-2: ready\r\n"
    waiting.close()


def test_health_is_0_while_it_serves_and_1_when_nobody_does(
    start: Callable[..., Process],
) -> None:
    server = start()
    port = ["--status-port", server.status_port]
    well = run(*port, "health")
    assert (well.returncode, well.stdout) == (0, "ok\n")
    server.stop()
    unwell = run(*port, "health")
    assert unwell.returncode == 1
    assert re.fullmatch(
        r"Error: no answer from 127.0.0.1 port \d+: .*refused. Is the server running\?\n",
        unwell.stderr,
    )


def test_lanes_draws_what_the_running_server_does(start: Callable[..., Process]) -> None:
    server = start()
    peer = Peer(server.address)
    peer.line()
    shown = run("--status-port", server.status_port, "lanes").stdout
    assert re.search(rf"^Thread-1  \d+  .*━ #1 {peer.name}$", shown, re.MULTILINE)
    assert re.search(rf"^1  {peer.name}  Thread-1 ", shown, re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= 100
    assert "\x1b" not in shown
    peer.close()


def test_a_replica_goes_by_its_name_in_all_that_it_says(start: Callable[..., Process]) -> None:
    server = start("--replica", "server-2")
    peer = Peer(server.address)
    assert peer.line() == "+OK server-2/Thread-1: ready\r\n"
    peer.say("Hey")
    port = ["--status-port", server.status_port]
    assert re.search(r"^server-2/Thread-1  \d+  ", run(*port, "lanes").stdout, re.MULTILINE)
    peer.close()
    server.stop()
    said = {event["event"]: event["thread"] for event in server.log}
    assert said["connected"] == "server-2/MainThread"
    assert said["received from the client"] == said["bye"] == "server-2/Thread-1"


def test_lanes_looks_back_as_far_as_it_is_told(start: Callable[..., Process]) -> None:
    port = ["--status-port", start().status_port]
    assert "in the last 300 s\n" in run(*port, "lanes", "--seconds", "300").stdout
    assert "in the last 300 s\n" not in run(*port, "lanes").stdout


def test_lanes_without_a_server_is_one_line_and_exit_code_1(start: Callable[..., Process]) -> None:
    server = start()
    server.stop()
    result = run("--status-port", server.status_port, "lanes")
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(r"Error: no answer .* Is the server running\?\n", result.stderr)


class Watch:
    """`lanes --watch` at a terminal of its own, and what it has written there."""

    def __init__(self, server: Process, height: int) -> None:
        self._written = io.StringIO()
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "server", "--status-port", server.status_port, "lanes", "--watch"],
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(height, 100),
            env=os.environ | {"TERM": "xterm"},
        )
        self.child.logfile_read = self._written

    def end(self) -> tuple[str, int | None]:
        """The last picture and what follows it, and the exit code, once the program has ended."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self._written.getvalue().rpartition("clients now")[2], self.child.exitstatus


@pytest.fixture
def watch() -> Iterator[Callable[..., Watch]]:
    with ExitStack() as stack:

        def watch(server: Process, height: int = 30) -> Watch:
            watching = Watch(server, height)
            stack.callback(watching.child.close, force=True)
            return watching

        yield watch


def test_watch_draws_what_happens_until_control_c_and_leaves_the_last_picture(
    start: Callable[..., Process], watch: Callable[..., Watch]
) -> None:
    server = start()
    watching = watch(server)
    watching.child.expect_exact("nobody was here")
    peer = Peer(server.address)
    label = f"#1 {peer.name}"
    watching.child.expect_exact(label)
    peer.line()
    peer.say("Hey")
    watching.child.expect(r"messages \x1b\[1m1\x1b")
    peer.close()
    watching.child.expect(r"Thread-1 .* bye ")
    watching.child.sendcontrol("c")
    picture, code = watching.end()
    assert label in picture
    assert picture.endswith(f"\r\n{SHOW_CURSOR}")
    assert code == 0


def test_watch_draws_again_though_nothing_happens(
    start: Callable[..., Process], watch: Callable[..., Watch]
) -> None:
    watching = watch(start())
    for _ in range(3):
        watching.child.expect_exact("clients now")
    watching.child.kill(signal.SIGTERM)
    assert watching.end()[1] == 0


def test_watch_leaves_lanes_out_where_the_terminal_is_low(
    start: Callable[..., Process], watch: Callable[..., Watch]
) -> None:
    server = start()
    peers = [Peer(server.address) for _ in range(5)]
    for peer in peers:
        peer.line()
    watching = watch(server, height=10)
    watching.child.expect_exact("… 3 more lanes")
    for peer in peers:
        peer.close()


def test_watch_ends_with_the_server_and_says_so(
    start: Callable[..., Process], watch: Callable[..., Watch]
) -> None:
    server = start()
    watching = watch(server)
    watching.child.expect_exact("nobody was here")
    server.stop()
    picture, code = watching.end()
    assert "nobody was here" in picture
    *_, error = picture.split(SHOW_CURSOR)
    assert re.fullmatch(r"Error: no answer from .*\. Is the server running\?\r\n", error)
    assert code == 1


def test_watch_draws_on_a_terminal_alone() -> None:
    result = run("lanes", "--watch")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.endswith("Error: --watch needs a terminal to draw on.\n")


def test_without_a_standard_output_it_serves_all_the_same() -> None:
    words = f"exec {sys.executable} -m server --port 0 --status-port 0 --host nowhere.invalid >&-"
    result = subprocess.run(
        ["/bin/sh", "-c", words], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Error: cannot listen on nowhere.invalid port 0: ")


def test_a_reader_that_stalls_does_not_hold_up_the_drain() -> None:
    server = Process("--grace", "1")
    peer = Peer(server.address)
    peer.send(b"Hey\n" * 20_000)  # far more lines than the pipe holds, and nobody reads it now
    for _ in range(20_001):
        assert peer.line()
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(SECONDS) == 0
    assert time.monotonic() - began < 1 + 1 + 1  # the grace, the log's last second, and some air
    peer.close()
    server.process.communicate()


@pytest.mark.parametrize("option", ["--port", "--status-port"])
def test_a_port_that_is_taken_is_one_line_and_exit_code_1(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(*FREE, option, port)
    assert result.returncode == 1
    assert result.stderr == (
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use. "
        f"Choose another with --host or {option}.\n"
    )


WITH_SO_MANY_THREADS = """
import sys, threading
left, start = int(sys.argv.pop(1)), threading.Thread.start
def start_or_refuse(thread):
    global left
    if not left:
        raise RuntimeError("can't start new thread")
    left -= 1
    start(thread)
threading.Thread.start = start_or_refuse
from server.__main__ import main
main()
"""


@pytest.mark.parametrize("threads", [0, 1, 2, 3, 6, 7])
def test_too_few_threads_to_begin_with_is_one_line_and_exit_code_1(threads: int) -> None:
    words = [sys.executable, "-c", WITH_SO_MANY_THREADS, str(threads), *FREE]
    result = subprocess.run(words, capture_output=True, text=True, timeout=2 * SECONDS, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: can't start new thread: the system gives this process no more. "
        "Raise the limit (ulimit -u; in a container --pids-limit).\n"
    )


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--model", "fork"], "'fork' is not one of 'thread', 'pool', 'lock'"),
        (["--port", "99999"], "99999 is not in the range"),
        (["--workers", "0"], "0 is not in the range"),
        (["--idle-timeout", "0"], "0.0 is not in the range"),
        (["--idle-timeout", "nan"], "nan is not a number of seconds"),
        (["lanes", "--seconds", "nan"], "nan is not a number of seconds"),
        (["lanes", "--seconds", "0.5"], "0.5 is not in the range 1<=x<=86400"),
        (["--replica", "a b"], "'a b' is no name: take letters, digits"),
        (["--no-such-option"], "No such option"),
        (["no-such-command"], "No such command"),
    ],
)
def test_wrong_usage_is_exit_code_2_and_says_what_is_wrong(
    options: list[str], complaint: str
) -> None:
    result = run(*options)
    assert result.returncode == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


def test_more_clients_than_descriptors_are_refused_at_the_start() -> None:
    result = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -n 192; exec {sys.executable} -m server --max-clients 65"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 2
    assert "65 clients need 193 file descriptors and this process may have 192" in result.stderr
    assert "take 64 at the most" in result.stderr


def test_all_clients_are_served_though_the_http_port_is_full(
    start: Callable[..., Process],
) -> None:
    server = start("--max-clients", "64")
    limit = 64 + SPARE_DESCRIPTORS
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (limit, limit))

    def descriptors() -> int:
        return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))

    alone = descriptors()
    with ExitStack() as stack:

        def connect() -> Peer:
            peer = Peer(server.address)
            stack.callback(peer.close)
            return peer

        clients = [connect() for _ in range(63)]
        assert all(client.line().startswith("+OK ") for client in clients)
        for _ in range(CONNECTIONS + 16):
            address = ("127.0.0.1", int(server.status_port))
            stack.enter_context(socket.create_connection(address))
        wait_until(lambda: descriptors() >= alone + 63 + CONNECTIONS)
        clients.append(connect())
        assert clients[-1].line().startswith("+OK ")
        for refused in [connect() for _ in range(PLACES + 1)]:
            assert refused.line().startswith("-ERR busy: ")
        assert all(client.say("Hey").startswith("+OK ") for client in clients)
        assert descriptors() >= alone + 64 + CONNECTIONS
    server.stop()
    assert not [line for line in server.log if line["event"].startswith("cannot accept")]
