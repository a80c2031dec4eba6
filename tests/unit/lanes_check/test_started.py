"""`lanes check -- COMMAND`: the server is started, checked where it listens, and ended."""

import json
import re
import subprocess
import sys
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner

from lanes.__main__ import main
from lanes.check.dialer import Unreachable
from lanes.check.started import ADDRESS, NO_PROGRAM, address_of, started
from lanes.watch.target import Target
from tests.kit.command import run, runs
from tests.kit.waiting import SECONDS, wait_until

NOBODY = 2**22 + 1  # above the highest process id: proc(5)
LISTENS = """
import os, socket, sys

listeners = [socket.create_server(("0.0.0.0", 0)) for _ in range(int(sys.argv[1]))]
print("I am", os.getpid(), flush=True)
while True:
    client, _ = listeners[0].accept()
    while chunk := client.recv(1024):
        client.sendall(b"Hey")
    client.close()
"""


def words(listeners: int = 1) -> list[str]:
    return [sys.executable, "-c", LISTENS, str(listeners)]


# A console next to the thread that accepts. It ends at "quit" or with its standard input.
CONSOLE = """
import socket, sys, threading

listener = socket.create_server(("127.0.0.1", 0))

def serve(client):
    while chunk := client.recv(1024):
        client.sendall(b"Hey")
    client.close()

def accept():
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()

threading.Thread(target=accept, daemon=True).start()
while input("server> ") != "quit":
    pass
"""


def test_a_console_server_gets_an_open_and_silent_standard_input() -> None:
    command = [sys.executable, "-c", CONSOLE]
    result = CliRunner().invoke(main, ["check", "--only", "again", "--", *command])
    assert result.exit_code == 0, result.output


CRASHES = "print('Starting')\nprint('Ready', flush=True)\nprint(sokcet)\n"


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_a_program_that_crashes_at_once_has_a_card_with_its_last_lines(form: str) -> None:
    options = ["check", "--format", form, "--", sys.executable, "-c", CRASHES]
    done = run(sys.executable, "-m", "lanes", *options)
    assert done.returncode == 3
    card = done.stdout
    if form == "json":
        told = json.loads(card)
        [failed] = told["checks"]
        assert (told["passed"], told["of"], failed["verdict"]) == (0, 1, "failed")
        assert failed["hint"].endswith("NameError: name 'sokcet' is not defined")
        card = failed["evidence"]
    elif form == "junit":
        suite = fromstring(card)[0]  # noqa: S314 - it is ours
        assert [suite.get(of) for of in ("tests", "failures", "errors", "skipped")] == [*"1100"]
        [failure] = suite.findall("testcase/failure")
        assert "has ended with exit code 1" in (failure.get("message") or "")
    assert "has ended with exit code 1" in " ".join(card.split())
    for line in ("Starting", "Ready", "NameError: name 'sokcet' is not defined"):
        assert line in " ".join(card.split()).replace("&apos;", "'")


def test_a_program_that_vanished_from_proc_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen(["/bin/sh", "-c", "exit 7"]) as child:
        monkeypatch.setattr(child, "poll", lambda: child.returncode)  # None until `wait`
        server = Target((NOBODY,), "server", child=child)  # not in /proc
        with pytest.raises(Unreachable, match=r"^server has ended with exit code 7$"):
            address_of(server, SECONDS)


def test_a_program_is_checked_where_it_listens_and_ended_with_its_children() -> None:
    wrapped = ["bash", "-c", '"$@"; true', "bash", *words()]
    options = ["--only", "answers", "--format", "json"]
    done = run(sys.executable, "-m", "lanes", "check", *options, "--", *wrapped)
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)  # without the server's output
    assert re.fullmatch(r"127\.0\.0\.1:\d+", card["server"])
    [pid] = re.findall(r"I am (\d+)", done.stderr)
    wait_until(lambda: not runs(int(pid)))


def test_a_program_that_ends_or_cannot_start_is_not_checked() -> None:
    def invoke(*command: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["check", "--", *command])
        return result.exit_code, result.output

    reason = "There is no server to check: "
    code, said = invoke("no-such-program", "2022")
    assert code == 3
    cannot = "cannot start no-such-program: No such file or directory"
    assert said.startswith(f"{reason}{cannot}: {NO_PROGRAM}\n")
    assert f"likely cause: {NO_PROGRAM}." in " ".join(said.split())
    code, said = invoke(sys.executable, "-c", "raise SystemExit(7)")
    assert code == 3
    assert " has ended with exit code 7\n" in said


def test_a_program_with_several_ports_needs_one_named() -> None:
    several = r" listens on ports \d+, \d+$"
    with started(words(2)) as server, pytest.raises(Unreachable, match=several) as raised:
        address_of(server, SECONDS)
    assert raised.value.hint == ADDRESS


def test_a_program_that_listens_late_gets_the_requested_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lanes.check.started.STARTS", 0.0)
    late = ["bash", "-c", 'sleep 0.5; exec "$@"', "bash", *words()]
    with started(late) as server:
        with pytest.raises(Unreachable, match=r"is not listening$"):
            address_of(server, 0)
        assert address_of(server, SECONDS).host == "127.0.0.1"
