"""The load (bench/load.c) believes no server: every byte that it hears is checked."""

import json
import os
import socketserver
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from socket import socket
from threading import Thread
from typing import Any

import pytest
from structlog.testing import capture_logs

from bench.contenders import HERE
from bench.load import compile_program
from server.protocol import ANSWER
from tests.kit.http_get import LOOPBACK
from tests.kit.running_server import RunningServer
from tests.kit.server_process import free_ports
from tests.kit.waiting import SECONDS, wait_until

GREETING = b"+OK Thread-1: ready\r\n"
REPLY = f"+OK Thread-1: {ANSWER}\r\n".encode()

Serve = Callable[[socket], object]
Ran = tuple[int, dict[str, Any], str]  # exit code, what it measured, what it complained of
Run = Callable[..., Ran]


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """Serves each client in a thread, as the test says, on this port."""

    class Conversation(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                serve(self.request)

    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Conversation) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs it on a port, or on a server that does as the test says."""
    program = tmp_path_factory.mktemp("built") / "load"
    compile_program(HERE / "load.c", program)

    def run(server: int | Serve, *words: str, patience: float = SECONDS) -> Ran:
        with nullcontext(server) if isinstance(server, int) else listening(server) as port:
            fixed = ["--port", str(port), "--warm-up", "0", "--seconds", "0.2"]
            ran = subprocess.run(
                [program, *fixed, "--patience", str(patience), *words],
                capture_output=True,
                text=True,
                check=False,
                timeout=2 * SECONDS,
            )
        return ran.returncode, json.loads(ran.stdout or "{}"), ran.stderr

    return run


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with capture_logs():
        server = RunningServer(max_clients=1000)
        yield server
        server.end()


def port_of(server: RunningServer) -> int:
    return int(server.address.rpartition(":")[2])


def replying(
    reply: bytes = REPLY, *, greeting: bytes = GREETING, takes: Callable[[], object] = bytes
) -> Serve:
    """Answers whatever comes with the same, after what that takes."""

    def serve(client: socket) -> None:
        client.sendall(greeting)
        while client.recv(4096):
            takes()
            client.sendall(reply)

    return serve


def taking(seconds: float, *, processor: bool = False) -> Callable[[], object]:
    def compute() -> None:
        end = time.thread_time() + seconds
        while time.thread_time() < end:
            pass

    return compute if processor else partial(time.sleep, seconds)


@pytest.mark.parametrize("outstanding", [1, 7])
def test_every_message_of_every_client_is_answered_and_counted(
    run: Run, server: RunningServer, outstanding: int
) -> None:
    words = ["--clients", "3", "--outstanding", str(outstanding)]
    code, measured, complaint = run(port_of(server), *words)
    assert (code, measured["errors"], complaint) == (0, 0, "")
    ended = [server.ended(number) for number in (1, 2, 3)]
    assert [record.end for record in ended] == ["bye"] * 3
    assert 0 < measured["answers"] <= sum(record.messages for record in ended)
    assert 0 < measured["least_share"] <= 1
    assert measured["jain"] <= 1
    assert 0 < measured["p50"] <= measured["p99"] <= measured["p999"]
    assert measured["p99"] <= 1.05 * measured["slowest"]


def test_a_visitor_says_one_message_and_comes_again(run: Run, server: RunningServer) -> None:
    code, measured, complaint = run(port_of(server), "--clients", "2", "--visits")
    assert (code, measured["errors"], complaint) == (0, 0, "")
    wait_until(lambda: server.registry.snapshot().open == 0)
    snapshot = server.registry.snapshot()
    assert 2 < measured["answers"] <= snapshot.accepted
    assert {record.messages for record in snapshot.sessions} == {1}


def test_replies_cut_and_glued_in_any_way_are_the_same_replies(run: Run) -> None:
    def serve(client: socket) -> None:
        client.sendall(GREETING[:5])
        client.sendall(GREETING[5:])
        while chunk := client.recv(4096):
            replies = REPLY * chunk.count(b"\n")
            for at in range(0, len(replies), 7):
                client.sendall(replies[at : at + 7])

    code, measured, complaint = run(serve, "--clients", "2")
    assert (code, measured["errors"], complaint) == (0, 0, "")
    assert measured["answers"] > 0


@pytest.mark.parametrize(
    ("serve", "complaint"),
    [
        (replying(REPLY.replace(b"Today", b"today")), "a wrong reply: +OK Thread-1: today"),
        (replying(REPLY.replace(b"Thread-1", b"Thread-2")), "a wrong reply: +OK Thread-2"),
        (replying(100_000 * b"x"), "a wrong reply: xxx"),
        (replying(2 * REPLY), "more replies than messages"),
        (replying(REPLY[:-1]), "a message was not answered"),
        (replying(b""), "a message was not answered"),
        (replying(greeting=b"-ERR busy: try again\r\n"), "not a greeting: -ERR busy"),
        (replying(greeting=b"+OK Thread-1: hello\r\n"), "not a greeting: +OK Thread-1"),
        (replying(greeting=200 * b"x"), "the greeting is too long"),
        (replying(greeting=b""), "no greeting came"),
        (bytes, "the server hung up"),
    ],
)
def test_what_is_wrong_or_missing_counts_as_an_error_and_not_as_an_answer(
    run: Run, serve: Serve, complaint: str
) -> None:
    in_vain = complaint in {"a message was not answered", "no greeting came"}
    code, measured, said = run(serve, "--clients", "1", patience=1 if in_vain else SECONDS)
    assert (code, measured["errors"], measured["answers"]) == (1, 1, 0)
    assert said.startswith(f"load: client 1: {complaint}")
    assert len(said) < 250


def test_a_server_that_is_not_there_is_an_error_of_each_client(run: Run) -> None:
    code, measured, said = run(*free_ports(1), "--clients", "3")
    assert (code, measured["errors"]) == (1, 3)
    assert said == "load: client 1: cannot connect: Connection refused\n"


def test_a_client_that_is_served_less_than_the_others_shows(run: Run) -> None:
    ways = iter([replying(takes=taking(0.1)), replying()])

    def serve(client: socket) -> None:
        next(ways)(client)

    code, measured, _ = run(serve, "--clients", "2")
    assert code == 0
    assert measured["jain"] < 0.9
    assert measured["least_share"] < 0.5


def test_a_message_that_has_no_reply_at_the_end_counts_with_its_whole_wait(run: Run) -> None:
    seconds = 0.8  # longer than anything is measured
    code, measured, _ = run(replying(takes=taking(seconds)), "--clients", "1")
    assert (code, measured["answers"]) == (0, 0)
    assert measured["p50"] > 0.9e6 * seconds
    assert measured["slowest"] > 0.9e6 * seconds


@pytest.mark.parametrize("words", [[], ["--visits"]])
def test_a_time_is_told_within_three_per_cent_of_what_it_was_at_least(
    run: Run, words: list[str]
) -> None:
    seconds = 0.1

    def serve(client: socket) -> None:
        if words:  # a visit begins with its connect
            taking(seconds)()
        replying(takes=bytes if words else taking(seconds))(client)

    code, measured, _ = run(serve, "--clients", "1", "--seconds", "0.5", *words)
    assert code == 0
    assert 0.97e6 * seconds <= measured["p50"] < 3e6 * seconds


def test_the_processor_time_of_both_sides_is_told(run: Run) -> None:
    spun = 0.005
    server = replying(takes=taking(spun, processor=True))
    words = ["--clients", "1", "--seconds", "0.5", "--server", str(os.getpid())]
    code, measured, _ = run(server, *words)
    assert code == 0
    steps = 0.03  # it is told in steps of 10 ms
    assert measured["server_time"] >= spun * (measured["answers"] - 1) - steps
    assert 0 <= measured["server_kernel_time"] <= measured["server_time"]
    assert measured["seconds"] >= 0.5
    assert 0 < measured["load_time"] < measured["seconds"]


@pytest.mark.parametrize("words", [["--clients", "0"], ["--outstanding", "65"], ["--port", "0"]])
def test_what_makes_no_sense_is_refused(run: Run, words: list[str]) -> None:
    code, measured, said = run(1, *words)
    assert (code, measured) == (2, {})
    assert said.startswith("load: --port")
