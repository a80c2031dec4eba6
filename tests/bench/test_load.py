"""The load (bench/load.c) believes no server: every byte that it hears is checked."""

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.contenders import HERE
from bench.load import compile_program
from server.protocol import ANSWER
from tests.kit.running_server import RunningServer
from tests.kit.waiting import wait_until

GREETING = b"+OK Thread-1: ready\r\n"
REPLY = f"+OK Thread-1: {ANSWER}\r\n".encode()

Serve = Callable[[socket.socket], None]
StartFake = Callable[[Serve], int]
Ran = tuple[int, dict[str, Any], str]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("built") / "load"
    compile_program(HERE / "load.c", built)
    return built


@pytest.fixture
def server() -> Iterator[RunningServer]:
    server = RunningServer(max_clients=1000)
    yield server
    server.stop()


def port_of(server: RunningServer) -> int:
    return int(server.address.rpartition(":")[2])


@pytest.fixture
def start_fake() -> Iterator[StartFake]:
    """Serves each client in a thread, as the test says; returns the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def converse(serve: Serve, client: socket.socket) -> None:
            with client, contextlib.suppress(OSError):
                serve(client)

        def accept(serve: Serve) -> None:
            with contextlib.suppress(OSError):  # the test is over
                while True:
                    client, _ = listener.accept()
                    threads.append(threading.Thread(target=converse, args=(serve, client)))
                    threads[-1].start()

        def start(serve: Serve) -> int:
            threads.append(threading.Thread(target=accept, args=(serve,)))
            threads[-1].start()
            port: int = listener.getsockname()[1]
            return port

        yield start
        listener.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def run(program: Path, port: int, *words: str) -> Ran:
    """Its exit code, what it measured, what it complained of."""
    fixed = ["--port", str(port), "--warm-up", "0", "--seconds", "0.2", "--patience", "0.5"]
    ran = subprocess.run(
        [program, *fixed, *words], capture_output=True, text=True, check=False, timeout=30
    )
    return ran.returncode, json.loads(ran.stdout or "{}"), ran.stderr


def replying(reply: bytes) -> Serve:
    def serve(client: socket.socket) -> None:
        client.sendall(GREETING)
        while client.recv(4096):
            client.sendall(reply)

    return serve


@pytest.mark.parametrize("outstanding", [1, 7])
def test_every_message_of_every_client_is_answered_and_counted(
    program: Path, server: RunningServer, outstanding: int
) -> None:
    words = ["--clients", "3", "--outstanding", str(outstanding)]
    code, measured, complaint = run(program, port_of(server), *words)
    assert (code, measured["errors"], complaint) == (0, 0, "")
    ended = [server.ended(number) for number in (1, 2, 3)]
    assert [record.end for record in ended] == ["bye"] * 3
    assert 0 < measured["answers"] <= sum(record.messages for record in ended)
    assert 0 < measured["least_share"] <= 1
    assert measured["jain"] <= 1
    assert 0 < measured["p50"] <= measured["p99"] <= measured["p999"]
    assert measured["p99"] <= 1.05 * measured["slowest"]


def test_a_visitor_says_one_message_and_comes_again(program: Path, server: RunningServer) -> None:
    code, measured, complaint = run(program, port_of(server), "--clients", "2", "--visits")
    assert (code, measured["errors"], complaint) == (0, 0, "")
    wait_until(lambda: server.registry.snapshot().open == 0)
    snapshot = server.registry.snapshot()
    assert 2 < measured["answers"] <= snapshot.accepted
    assert {record.messages for record in snapshot.sessions} == {1}


def test_replies_cut_and_glued_in_any_way_are_the_same_replies(
    program: Path, start_fake: StartFake
) -> None:
    def serve(client: socket.socket) -> None:
        client.sendall(GREETING[:5])
        client.sendall(GREETING[5:])
        while chunk := client.recv(4096):
            replies = REPLY * chunk.count(b"\n")
            for at in range(0, len(replies), 7):
                client.sendall(replies[at : at + 7])

    code, measured, complaint = run(program, start_fake(serve), "--clients", "2")
    assert (code, measured["errors"], complaint) == (0, 0, "")
    assert measured["answers"] > 0


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (REPLY.replace(b"Today", b"today"), "client 1: a wrong reply: +OK Thread-1: today"),
        (REPLY.replace(b"Thread-1", b"Thread-2"), "client 1: a wrong reply: +OK Thread-2"),
        (2 * REPLY, "client 1: more replies than messages"),
        (REPLY[:-1], "client 1: a message was not answered"),
        (b"", "client 1: a message was not answered"),
    ],
)
def test_a_reply_that_is_wrong_or_missing_is_an_error(
    program: Path, start_fake: StartFake, reply: bytes, complaint: str
) -> None:
    code, measured, said = run(program, start_fake(replying(reply)), "--clients", "1")
    assert code == 1
    assert measured["errors"] == 1
    assert said.startswith(f"load: {complaint}")


@pytest.mark.parametrize(
    ("greeting", "complaint"),
    [
        (b"-ERR busy: try again\r\n", "not a greeting: -ERR busy"),
        (b"+OK Thread-1: hello\r\n", "not a greeting: +OK Thread-1"),
        (200 * b"x", "the greeting is too long"),
        (b"", "the server hung up"),
        (None, "no greeting came"),
    ],
)
def test_what_is_no_greeting_is_an_error(
    program: Path, start_fake: StartFake, greeting: bytes | None, complaint: str
) -> None:
    def serve(client: socket.socket) -> None:
        if greeting is None:
            client.recv(1)  # until it gives up
        else:
            client.sendall(greeting)

    port = start_fake(serve)
    code, measured, said = run(program, port, "--clients", "1")
    assert (code, measured["errors"], measured["answers"]) == (1, 1, 0)
    assert said.startswith(f"load: client 1: {complaint}")


def test_a_server_that_is_not_there_is_an_error_of_each_client(program: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    code, measured, said = run(program, port, "--clients", "3")
    assert (code, measured["errors"]) == (1, 3)
    assert said == "load: client 1: cannot connect: Connection refused\n"


def test_one_who_is_served_less_than_the_others_shows(program: Path, start_fake: StartFake) -> None:
    unlucky = threading.Lock()

    def serve(client: socket.socket) -> None:
        slow = unlucky.acquire(blocking=False)
        client.sendall(GREETING)
        while client.recv(4096):
            if slow:
                threading.Event().wait(0.02)
            client.sendall(REPLY)

    code, measured, _ = run(program, start_fake(serve), "--clients", "2")
    assert code == 0
    assert measured["jain"] < 0.9
    assert measured["least_share"] < 0.5


def test_a_message_that_has_no_reply_at_the_end_counts_with_its_whole_wait(
    program: Path, start_fake: StartFake
) -> None:
    seconds = 0.4  # longer than anything is measured

    def serve(client: socket.socket) -> None:
        client.sendall(GREETING)
        client.recv(4096)
        threading.Event().wait(seconds)
        client.sendall(REPLY)

    words = ["--clients", "1", "--patience", "20"]
    code, measured, _ = run(program, start_fake(serve), *words)
    assert (code, measured["answers"]) == (0, 0)
    assert measured["p50"] > 0.9e6 * seconds
    assert measured["slowest"] > 0.9e6 * seconds


@pytest.mark.parametrize("words", [[], ["--visits"]])
def test_a_time_is_told_within_three_per_cent_of_what_it_was_at_least(
    program: Path, start_fake: StartFake, words: list[str]
) -> None:
    seconds = 0.02

    def serve(client: socket.socket) -> None:
        if words:  # a visit begins with its connect
            threading.Event().wait(seconds)
        client.sendall(GREETING)
        while client.recv(4096):
            if not words:
                threading.Event().wait(seconds)
            client.sendall(REPLY)

    fixed = ["--clients", "1", "--seconds", "0.5", "--patience", "20"]
    code, measured, _ = run(program, start_fake(serve), *fixed, *words)
    assert code == 0
    assert 0.97e6 * seconds <= measured["p50"] < 3e6 * seconds


def test_the_processor_time_of_both_sides_is_told(program: Path, start_fake: StartFake) -> None:
    spun = 0.005

    def serve(client: socket.socket) -> None:
        client.sendall(GREETING)
        while client.recv(4096):
            end = time.thread_time() + spun
            while time.thread_time() < end:
                pass
            client.sendall(REPLY)

    words = ["--clients", "1", "--seconds", "1", "--server", str(os.getpid())]
    code, measured, _ = run(program, start_fake(serve), *words)
    assert code == 0
    steps = 0.03  # it is told in steps of 10 ms
    assert measured["server_time"] >= spun * (measured["answers"] - 1) - steps
    assert 0 <= measured["server_kernel_time"] <= measured["server_time"]
    assert measured["seconds"] >= 1
    assert 0 < measured["load_time"] < measured["seconds"]


def test_a_long_wrong_reply_is_told_in_short(program: Path, start_fake: StartFake) -> None:
    _, _, said = run(program, start_fake(replying(bytes([120]) * 100_000)), "--clients", "1")
    assert said.startswith("load: client 1: a wrong reply: xxx")
    assert len(said) < 250


@pytest.mark.parametrize("words", [["--clients", "0"], ["--outstanding", "65"], ["--port", "0"]])
def test_what_makes_no_sense_is_refused(program: Path, words: list[str]) -> None:
    code, measured, said = run(program, 1, *words)
    assert (code, measured) == (2, {})
    assert said.startswith("load: --port")
