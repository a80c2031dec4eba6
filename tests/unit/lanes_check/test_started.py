"""`lanes check -- COMMAND`: the server is started, checked where it listens, and ended."""

import json
import re
import sys

import pytest
from click.testing import CliRunner

from lanes.__main__ import main
from lanes.check.started import address_of, started
from lanes.check.subject import Unreachable
from tests.kit.command import run, runs
from tests.kit.waiting import SECONDS, wait_until

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


def test_it_is_checked_where_it_listens_and_ended_with_all_that_it_has_started() -> None:
    wrapped = ["bash", "-c", '"$@"; true', "bash", *words()]
    options = ["--only", "answers", "--format", "json"]
    done = run(sys.executable, "-m", "lanes", "check", *options, "--", *wrapped)
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)  # what the server prints is not in it
    assert re.fullmatch(r"127\.0\.0\.1:\d+", card["server"])
    [pid] = re.findall(r"I am (\d+)", done.stderr)
    wait_until(lambda: not runs(int(pid)))


def test_who_ends_or_cannot_be_started_is_no_server_to_check() -> None:
    def invoke(*command: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["check", "--", *command])
        return result.exit_code, result.output

    reason = "There is no server to check: "
    code, said = invoke("no-such-program", "2022")
    assert (code, said) == (3, f"{reason}cannot start no-such-program: No such file or directory\n")
    code, said = invoke(sys.executable, "-c", "raise SystemExit(7)")
    assert code == 3
    assert said.endswith(" has ended with exit code 7\n")


def test_of_several_ports_one_has_to_be_named() -> None:
    several = r" listens on ports \d+, \d+: say HOST:PORT$"
    with started(words(2)) as server, pytest.raises(Unreachable, match=several):
        address_of(server, SECONDS)


def test_who_begins_to_listen_late_is_waited_for_as_long_as_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lanes.check.started.STARTS", 0.0)
    late = ["bash", "-c", 'sleep 0.5; exec "$@"', "bash", *words()]
    with started(late) as server:
        with pytest.raises(Unreachable, match=r"does not listen$"):
            address_of(server, 0)
        assert address_of(server, SECONDS).host == "127.0.0.1"
