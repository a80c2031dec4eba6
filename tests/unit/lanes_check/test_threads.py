"""The check `threads`: it sees the thread of each client; the hint says why one has none."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from lanes.check.address import Address
from lanes.check.choice import chosen, finder
from lanes.check.claim import Check
from lanes.check.failure import Failed
from lanes.check.judgement import HINTS
from lanes.check.protocol import DIALECTS, Handout
from lanes.check.scorecard import OFFERED, Result, score
from lanes.check.subject import Subject
from lanes.check.threads import threads
from lanes.watch.target import NotFound, of_pid
from tests.kit.command import run
from tests.kit.http_get import LOOPBACK
from tests.kit.server_process import ServerProcess, listening
from tests.kit.waiting import SECONDS
from tests.watch.truth import running

CLIENTS = 4
ASKS_FOR_A_NAME = """
import socket, sys, threading
lock = threading.Lock()
def converse(client):
    with lock:
        client.sendall(b"Your name? ")
        client.recv(1024)
    while True:
        client.sendall(b"Hello")
        client.recv(1024)
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        threading.Thread(target=converse, args=listener.accept()[:1], daemon=True).start()
"""
SERVES_TWO = """
import socket, sys, threading
places = threading.Semaphore(2)
def converse(client):
    with places:
        while client.recv(1024):
            client.sendall(b"Hello")
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
    while True:
        threading.Thread(target=converse, args=listener.accept()[:1], daemon=True).start()
"""
IN_VAIN = 2.0  # seconds to wait for an answer that does not come
not_found = Mock(side_effect=NotFound("there is no process 0 here"))


@pytest.fixture(autouse=True)
def lines_with_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """End messages with LF, since these servers read lines; `check` takes any answer as text."""
    monkeypatch.setattr(Handout, "encode", lambda _, message: f"{message}\n".encode())


@contextmanager
def found(port: int, timeout: float = SECONDS, protocol: str = "handout") -> Iterator[Subject]:
    address, dialect = Address(LOOPBACK, port), DIALECTS[protocol]
    with Subject(address, dialect, clients=CLIENTS, many=2, timeout=timeout) as subject:
        yield subject


def result_of_program(folder: Path, source: str) -> Result:
    """Run the check on a program that lets some clients wait."""
    program = folder / "server.py"
    program.write_text(source)
    with (
        listening(sys.executable, "-S", program) as (process, port),
        found(port, IN_VAIN) as subject,
    ):
        check = threads(lambda: of_pid(process.pid), CLIENTS, required=False)
        [result] = score(subject, [check], print)
    return result


def result_of(name: str, timeout: float = SECONDS, *, required: bool = False) -> Result:
    """The result of the check for a server of tests/watch."""
    with running(name) as server, found(server.port, timeout) as subject:
        check = threads(lambda: of_pid(server.pid), CLIENTS, required=required)
        [result] = score(subject, [check], print)
    return result


EACH = ["threads", "socketserver", "settimeout", "fork", "C, threads"]
EACH += ["C, poll of a client and a pipe", "C, epoll of a client and a pipe"]


@pytest.mark.parametrize("name", EACH)
def test_threads_or_processes_for_each_client_pass_with_their_ids(name: str) -> None:
    result = result_of(name, required=True)
    assert (result.verdict, result.hint) == ("passed", None), result
    served_by = "processes" if name == "fork" else "threads"
    kind = "a process for each client" if name == "fork" else "a thread for each client"
    assert result.evidence.startswith(f"{kind}: {CLIENTS} clients, {CLIENTS} {served_by} (")
    clients = re.findall(r":(\d+) by .+? \((\d+)\)(?:, |$)", result.evidence)
    ports, ids = zip(*clients, strict=True)
    assert len(set(ports)) == len(set(ids)) == CLIENTS


def test_an_event_loop_passes_unless_threads_are_asked_for() -> None:
    result = result_of("asyncio")
    assert result.verdict == "passed"
    assert result.claim.endswith(" of its own, or by an event loop.")
    assert re.match(
        r"an event loop: .* \(passes, since --require threads was not given\)$", result.evidence
    )
    result = result_of("asyncio", required=True)
    assert (result.verdict, result.hint) == ("failed", HINTS["loop"])
    assert result.claim == "Each of 4 clients is served by a thread (or process) of its own."
    assert result.evidence.startswith("an event loop: 1 thread polls 4 connections")


@pytest.mark.parametrize(
    ("name", "hint", "evidence"),
    [
        ("pool of two", "pool", "client 3 of 4 at once: .*seen: a pool of 2: 2 clients, 2 threads"),
        ("lock over the conversation", "lock", "client 2 of 4 at once: .*3 of 4 clients wait"),
        (
            "the lab's mistake",
            "gate",
            "client 2 of 4 .*No thread is accepting: .* waits for a lock",
        ),
        ("zoo, join() after start()", "join", "client 2 .*No thread is accepting: .*join()"),
        ("one at a time", "one", "client 2 of 4 .*seen: one client at a time: 1 client, 1 thread"),
    ],
)
def test_a_server_that_lets_clients_wait_fails_with_the_reason(
    name: str, hint: str, evidence: str
) -> None:
    result = result_of(name, IN_VAIN)
    assert (result.verdict, result.hint) == ("failed", HINTS[hint]), result
    assert re.match(evidence, result.evidence), result.evidence


def test_a_lock_is_named_even_if_the_next_message_releases_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanes.check.dialer.AT_ONCE", SECONDS)  # the first client is greeted
    result = result_of_program(tmp_path, ASKS_FOR_A_NAME)
    assert (result.verdict, result.hint) == ("failed", HINTS["lock"]), result


def test_a_limit_is_not_called_one_lock(tmp_path: Path) -> None:
    result = result_of_program(tmp_path, SERVES_TWO)
    assert (result.verdict, result.hint) == ("failed", HINTS["limit"]), result


def test_a_pool_is_named_even_if_other_clients_wait_for_their_greeting() -> None:
    with (
        ServerProcess("--model", "pool", "--workers", "2") as server,
        found(server.port, IN_VAIN, "lines") as subject,
    ):
        check = threads(lambda: of_pid(server.pid), CLIENTS, required=False)
        [result] = score(subject, [check], print)
    assert (result.verdict, result.hint) == ("failed", HINTS["pool"]), result
    assert result.evidence.startswith("client 3 of 4 at once: the greeting: no answer within 2 s")
    # On a busy machine it may also look like a thread for each client, the rest behind a lock.
    assert "a pool of 2: 2 clients, 2 threads; 2 clients accepted" in result.evidence


def test_without_permission_to_look_it_is_not_tried_and_says_why() -> None:
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with ServerProcess("--protocol", "handout") as server:
        root = os.geteuid() == 0
        words = ["check", server.address, "--only", "threads"]
        words += ["--pid", str(server.pid) if root else "1"]
        done = run(*(as_nobody if root else []), sys.executable, "-m", "lanes", *words)
    assert done.returncode == 4, done.stderr
    said = " ".join(done.stdout.split())
    assert re.match(
        r"not tried threads Cannot see which thread serves which client in process \d+: it has uid",
        said,
    )
    assert said.endswith("0 of 1 passed")


def test_a_server_not_found_or_not_on_linux_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with running("threads") as server, found(server.port) as subject:
        [result] = score(subject, [threads(not_found, CLIENTS, required=True)], print)
        assert (result.verdict, result.evidence) == ("not tried", "there is no process 0 here")
        monkeypatch.setattr("lanes.check.lookout.sys.platform", "darwin")
        [result] = score(subject, [threads(not_found, CLIENTS, required=True)], print)
    assert result.evidence == "which thread serves which client can be seen only on Linux"


def test_clients_of_a_server_that_is_not_watched_are_not_guessed_at() -> None:
    with running("threads") as other, running("threads") as server:
        check = threads(lambda: of_pid(other.pid), CLIENTS, required=True)
        with found(server.port, IN_VAIN) as subject:
            [result] = score(subject, [check], print)
    assert result.verdict == "not tried"
    assert result.evidence.startswith("4 of the 4 clients do not appear on the server's side")


def names(protocol: str, *, watched: bool) -> list[str]:
    address = Address(LOOPBACK, 2022) if watched else None
    find = finder(address, None, None, None)
    return [check.name for check in chosen(protocol, (), find, CLIENTS, required=watched)]


def test_the_check_is_offered_if_a_server_is_watched_and_always_in_lines() -> None:
    assert names("handout", watched=False) == [check.name for check in OFFERED["handout"]]
    assert names("lines", watched=False) == [check.name for check in OFFERED["lines"]]
    assert names("handout", watched=True)[2:5] == ["concurrent", "threads", "unblocked"]
    assert sorted(names("lines", watched=True)) == sorted(names("lines", watched=False))


def test_in_lines_what_the_server_tells_must_hold_too_or_alone_if_unseen() -> None:
    liar = Check("threads", "It says so.", "another name", Mock(side_effect=Failed("it lies")))
    [told] = [check for check in OFFERED["lines"] if check.name == "threads"]
    with ServerProcess() as server, found(server.port, protocol="lines") as subject:
        tried = [
            threads(find, CLIENTS, required=False, told=said)
            for find in (partial(of_pid, server.pid), not_found)
            for said in (told, liar)
        ]
        seen, lied, unseen_, lied_unseen = score(subject, tried, print)
    assert seen.verdict == unseen_.verdict == "passed"
    assert seen.evidence.startswith("a thread for each client: 4 clients, 4 threads (4 direct): :")
    assert unseen_.evidence.endswith(
        ", according to the server itself; not confirmed from outside: there is no process 0 here"
    )
    for result in lied, lied_unseen:
        assert (result.evidence, result.hint) == ("it lies", "another name")
