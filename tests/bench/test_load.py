"""The load generator (bench/load.c) trusts no server: it checks every byte that it reads."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from socket import socket
from socketserver import ThreadingTCPServer
from typing import Any

import pytest
from structlog.testing import capture_logs

from bench.contenders import HERE, allow_descriptors, ours, running
from bench.load import compile_for_tls, compile_program, compile_programs, load
from bench.machine import two_cores
from bench.tls import contenders
from server.chat.protocol import ANSWER
from tests.kit.fake_server import nobody
from tests.kit.http_get import LOOPBACK
from tests.kit.running_server import RunningServer
from tests.kit.waiting import SECONDS, wait_until

GREETING = b"+OK Thread-1: ready\r\n"
REPLY = f"+OK Thread-1: {ANSWER}\r\n".encode()
LATE = 2 * SECONDS

Serve = Callable[[socket], object]
Run = Callable[..., tuple[int, dict[str, Any], str]]  # exit code, what it measured, its complaint


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """Serve each client in a thread, as the test says; yield the port."""

    def handle(client: socket, *_: object) -> Any:  # noqa: ANN401 - by its type, a class
        with suppress(OSError):
            serve(client)

    with ThreadingTCPServer((LOOPBACK, 0), handle) as server, ThreadPoolExecutor() as pool:
        pool.submit(server.serve_forever, 0.01)
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs the load on a port, or on a server that the test defines."""
    program = tmp_path_factory.mktemp("built") / "load"
    compile_program(HERE / "load.c", program)

    def run(server: int | Serve, *words: str, patience: float = SECONDS) -> tuple[int, Any, str]:
        with nullcontext(server) if isinstance(server, int) else listening(server) as port:
            fixed = ["--port", str(port), "--warm-up", "0", "--seconds", "0.2"]
            command = [str(program), *fixed, "--patience", str(patience), *words]
            ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LATE)
        return ran.returncode, json.loads(ran.stdout or "{}"), ran.stderr

    return run


def replying(
    reply: bytes = REPLY, *, greeting: bytes = GREETING, takes: Callable[[], object] = bytes
) -> Serve:
    """Return a server that answers every message alike, after a call of `takes`."""

    def serve(client: socket) -> None:
        client.sendall(greeting)
        while client.recv(4096):
            takes()
            client.sendall(reply)

    return serve


@pytest.mark.parametrize("words", [[], ["--outstanding", "7"], ["--visits", "--seconds", "1"]])
def test_every_message_is_answered_and_counted(run: Run, words: list[str]) -> None:
    with capture_logs(), ExitStack() as stack:
        server = RunningServer(max_clients=1000)
        stack.callback(server.end)
        port = int(server.address.rpartition(":")[2])
        code, measured, complaint = run(port, "--clients", "3", *words)
        wait_until(lambda: server.registry.snapshot().open == 0)
    assert (code, measured["errors"], complaint) == (0, 0, "")
    snapshot = server.registry.snapshot()
    messages = [record.messages for record in snapshot.sessions]
    if "--visits" in words:  # a visitor sends one message, leaves and comes again
        assert set(messages) == {1}
        assert 3 < measured["answers"] <= snapshot.accepted
    else:
        assert [record.end for record in snapshot.sessions] == ["bye"] * 3
        assert 0 < measured["answers"] <= sum(messages)
        assert 0 < measured["least_share"] <= 1
    assert measured["jain"] <= 1
    assert 0 < measured["p50"] <= measured["p99"] <= measured["p999"]
    assert measured["p99"] <= 1.05 * measured["slowest"]


def test_replies_are_the_same_however_they_are_cut_and_joined(run: Run) -> None:
    def serve(client: socket) -> None:
        client.sendall(GREETING[:5])
        client.sendall(GREETING[5:])
        while chunk := client.recv(4096):
            replies = REPLY * chunk.count(b"\n")
            for at in range(0, len(replies), 7):
                client.sendall(replies[at : at + 7])

    code, measured, complaint = run(serve, "--clients", "2")
    assert (code, measured["errors"], complaint, measured["answers"] > 0) == (0, 0, "", True)


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
def test_a_wrong_or_missing_reply_is_an_error(run: Run, serve: Serve, complaint: str) -> None:
    in_vain = complaint in {"a message was not answered", "no greeting came"}
    code, measured, said = run(serve, "--clients", "1", patience=1 if in_vain else SECONDS)
    assert (code, measured["errors"], measured["answers"]) == (1, 1, 0)
    assert said.startswith(f"load: client 1: {complaint}")
    assert len(said) < 250


def test_a_missing_server_is_an_error_of_each_client(run: Run) -> None:
    with nobody() as address:
        code, measured, said = run(address.port, "--clients", "3")
    assert (code, measured["errors"]) == (1, 3)
    assert said == "load: client 1: cannot connect: Connection refused\n"


def test_a_client_that_gets_less_than_the_others_shows(run: Run) -> None:
    ways = iter([replying(takes=partial(time.sleep, 0.1)), replying()])

    def serve(client: socket) -> None:
        next(ways)(client)

    code, measured, _ = run(serve, "--clients", "2")
    assert code == 0
    assert measured["jain"] < 0.9
    assert measured["least_share"] < 0.5


def test_an_unanswered_message_counts_with_its_whole_wait(run: Run) -> None:
    longer = 0.8  # seconds; the measurement ends before that
    code, measured, _ = run(replying(takes=partial(time.sleep, longer)), "--clients", "1")
    assert (code, measured["answers"]) == (0, 0)
    assert min(measured["p50"], measured["slowest"]) > 0.9e6 * longer


@pytest.mark.parametrize("words", [[], ["--visits"]])
def test_a_time_is_reported_within_three_per_cent(run: Run, words: list[str]) -> None:
    wait = partial(time.sleep, 0.1)

    def visited(client: socket) -> None:  # a visit begins with its connect
        wait()
        replying()(client)

    serve = visited if words else replying(takes=wait)
    code, measured, _ = run(serve, "--clients", "1", "--seconds", "0.5", *words)
    assert code == 0
    assert 97_000 <= measured["p50"] < 300_000  # at least: the machine may be busy


def test_the_processor_time_of_both_sides_is_reported(run: Run) -> None:
    spun = 0.005

    def spin() -> None:
        end = time.thread_time() + spun
        while time.thread_time() < end:
            pass

    words = ["--clients", "1", "--seconds", "0.5", "--server", str(os.getpid())]
    code, measured, _ = run(replying(takes=spin), *words)
    assert code == 0
    steps = 0.03  # it is reported in steps of 10 ms
    assert measured["server_time"] >= spun * (measured["answers"] - 1) - steps
    assert 0 <= measured["server_kernel_time"] <= measured["server_time"]
    assert measured["seconds"] >= 0.5
    assert 0 < measured["load_time"] < measured["seconds"]


@pytest.mark.parametrize("words", [["--clients", "0"], ["--outstanding", "65"], ["--port", "0"]])
def test_options_that_make_no_sense_are_refused(run: Run, words: list[str]) -> None:
    code, measured, said = run(1, *words)
    assert (code, measured) == (2, {})
    assert said.startswith("load: --port")


@pytest.mark.alone
def test_all_of_two_thousand_clients_on_one_core_keep_being_answered() -> None:
    allow_descriptors()
    compile_programs()
    core, other = two_cores()
    for level in ("warning", "info"):
        with running(ours(level, "--log-level", level), core) as server:
            # Linux 6.18 may serve only half of them for the first second and a half (design.md).
            words = ("--clients", "2000", "--warm-up", "2", "--seconds", "2")
            sample = load(server, words, other)
        assert sample.errors == 0
        assert sample.answers > 2000
        assert sample.least_share > 0


@pytest.mark.parametrize("words", [("--clients", "8"), ("--clients", "8", "--visits", "--resume")])
def test_over_tls_each_byte_is_checked_too(words: tuple[str, ...]) -> None:
    compile_for_tls()
    with contenders() as (mine, _, its, _):
        for contender in (mine, its):
            with running(contender, None) as server:
                sample = load(server, (*words, "--seconds", "0.5"), None)
            assert (sample.errors, sample.answers >= 8) == (0, True), contender.name
