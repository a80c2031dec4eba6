"""`python -m client`: options -> objects -> exit code."""

import io
import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner, Result

from client.__main__ import main
from client.stop import StopSignal
from tests.kit.command import ROOT, run, well
from tests.kit.fake_server import (
    CHUNK,
    GREET,
    HEAR,
    ONE,
    UNTIL_GONE,
    Action,
    FakeServer,
    nobody,
)
from tests.kit.waiting import SECONDS

# pexpect forks, which Python 3.12 and later warn of where there are threads; it execs at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def invoke(
    *words: str, env: dict[str, str] | None = None, stdin: bytes = b"Hey", charset: str = "utf-8"
) -> Result:
    runner = CliRunner(charset=charset)
    return runner.invoke(main, words, input=stdin, env=env, prog_name="python -m client")


def play(
    served: list[Action], *options: str, stdin: bytes = b"Hey", charset: str = "utf-8"
) -> Result:
    """`run` a script from standard input on a server that serves its one client so."""
    with FakeServer([served]) as server:
        words = ("run", "--server", str(server.address), "--script", "-", *options)
        return invoke(*words, stdin=stdin, charset=charset)


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "client", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, encoding="utf-8", stdout=pipe, stderr=pipe)


def heed_ctrl_c() -> None:
    """What a shell starts in the background, such as these tests, is made to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def at_terminal(*words: str) -> Iterator[tuple["pexpect.spawn[str]", io.StringIO]]:
    """The program at a terminal of its own, and all that stood on its screen."""
    screen = io.StringIO()
    command = ["-m", "client", *words]
    spawned = pexpect.spawn(
        sys.executable, command, cwd=str(ROOT), encoding="utf-8", preexec_fn=heed_ctrl_c
    )
    with spawned as terminal:
        terminal.timeout, terminal.logfile_read = SECONDS, screen
        yield terminal, screen


def exit_code(terminal: "pexpect.spawn[str]") -> int | None:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus


def test_every_option_and_its_variable_stand_in_the_help() -> None:
    for command in ("run", "chat"):
        text = " ".join(invoke(command, "--help").output.split())
        assert text.startswith(f"Usage: python -m client {command}")
        for option in ("--server", "--greeting-timeout", "--protocol"):
            variable = "LANES_" + option.removeprefix("--").replace("-", "_").upper()
            assert option in text
            assert f"[env var: {variable}; default:" in text


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "--server", "::1"], "'::1' is not HOST:PORT"),
        (["chat", "--server", "a:b"], "'a:b' is not HOST:PORT"),
        (["run", "--greeting-timeout", "0"], "not in the range"),
        (["run", "--greeting-timeout", "nan"], "nan is not a number of seconds"),
        (["run", "--repeat", "0"], "'0' is neither a number from 1 to 1000000 nor 'forever'"),
        (["run", "--repeat", "often"], "'often' is neither"),
        (["run", "--repeat", "1000001"], "'1000001' is neither"),
        (["run", "--repeat", "0000000001" + 20 * "0"], "is neither a number"),
        (["run", "--script", "/nowhere"], "'/nowhere': No such file or directory"),
        (["run", "--script", "-"], "line 1 is not UTF-8"),
        (["check"], "Missing argument 'HOST:PORT'"),
        (["check", "::1"], "'::1' is not HOST:PORT"),
        (["check", "a:1", "--clients", "1"], "not in the range"),
        (["check", "a:1", "--many", "501"], "not in the range"),
        (["check", "a:1", "--timeout", "nan"], "nan is not a number of seconds"),
        (["check", "a:1", "--only", "order"], "`order` is a check of --protocol lines alone"),
    ],
)
def test_wrong_usage_is_one_line_of_error_and_exit_code_2(words: list[str], error: str) -> None:
    result = invoke(*words, stdin=b"\xff\n")
    assert result.exit_code == 2
    assert error in result.output.splitlines()[-1]
    assert "Traceback" not in result.output


def test_every_option_can_be_a_variable(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Hey\n")
    with FakeServer([[CHUNK, b"one", CHUNK, b"two", UNTIL_GONE]]) as server:
        variables = {
            "LANES_SERVER": str(server.address),
            "LANES_PROTOCOL": "handout",
            "LANES_GREETING_TIMEOUT": "1",
            "LANES_SCRIPT": str(script),
            "LANES_REPEAT": "2",
            "LANES_LOG_FORMAT": "json",
        }
        result = invoke("run", env=variables)
    assert result.exit_code == 0
    connected, *replies, summary = map(json.loads, result.output.splitlines())
    assert (connected["event"], summary["event"]) == ("connected", "summary")
    assert [(e["thread"], e["text"]) for e in replies] == [(None, "one"), (None, "two")]


def test_an_unanswered_message_makes_exit_code_1_and_a_server_of_another_kind_is_final() -> None:
    result = play([b"SSH-2.0-OpenSSH_9.2\r\n", UNTIL_GONE])
    assert result.exit_code == 1
    assert "error: not answered number=1 message=Hey outcome='not sent'" in result.output
    assert "is not a Thread Lanes server: it greeted with 'SSH-2.0-OpenSSH_9.2'" in result.output
    assert "Traceback" not in result.output


def test_text_that_the_output_cannot_encode_is_escaped() -> None:
    result = play([GREET, HEAR, "+OK T-1: Grüße\r\n".encode(), UNTIL_GONE], charset="ascii")
    assert result.exit_code == 0
    assert "text='Gr\\xfc\\xdfe'" in result.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_endless_run_with_a_summary_and_exit_code_0(number: int) -> None:
    words = ("run", "--repeat", "forever")
    with nobody() as address, start(*words, "--server", str(address)) as client:
        assert client.stdout is not None
        line = client.stdout.readline()
        client.send_signal(number)
        out, err = client.communicate(timeout=SECONDS)
    assert f"{address} refused the connection: is the server running" in line
    assert "summary messages=0" in out
    assert (client.returncode, err) == (0, "")


def test_a_reader_that_leaves_ends_it_without_a_traceback() -> None:
    def leave() -> None:
        assert client.stdout is not None
        client.stdout.close()

    with (
        FakeServer([[GREET, HEAR, leave, ONE, UNTIL_GONE]]) as server,
        start("run", "--server", str(server.address)) as client,
    ):
        assert client.wait(SECONDS) == 1
        assert client.stderr is not None
        assert client.stderr.read() == ""


def test_it_runs_without_any_standard_stream() -> None:
    with FakeServer([[GREET, HEAR, ONE, UNTIL_GONE]]) as server:
        chat = (sys.executable, "-m", "client", "chat", "--server", str(server.address))
        well("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *chat)
    assert len(server.heard[0]) == 1


RECEIVED = "Received from the server : one\r\n"
QUESTION = "\r\nDo you want to continue(y/n) :"
BYE = "Bye Server\r\n"


def test_a_chat_at_a_terminal_is_the_handouts_word_for_word() -> None:
    with (
        FakeServer([[GREET, HEAR, ONE, HEAR, ONE, UNTIL_GONE]]) as server,
        at_terminal("chat", "--server", str(server.address)) as (terminal, screen),
    ):
        for answer in ("y", "n"):
            terminal.expect_exact(QUESTION)
            terminal.sendline(answer)
        assert exit_code(terminal) == 0
    turns = (f"{RECEIVED}{QUESTION}{answer}\r\n" for answer in ("y", "n"))
    assert screen.getvalue() == "".join(turns) + BYE


@pytest.mark.parametrize(("key", "echo"), [("d", ""), ("c", "^C")])
def test_control_d_and_control_c_say_goodbye_in_a_chat(key: str, echo: str) -> None:
    options = ("--protocol", "handout")
    with (
        FakeServer([[CHUNK, b"one", UNTIL_GONE]]) as server,
        at_terminal("chat", "--server", str(server.address), *options) as (terminal, screen),
    ):
        terminal.expect_exact(QUESTION)
        terminal.sendcontrol(key)
        assert exit_code(terminal) == 0
    assert screen.getvalue() == f"{RECEIVED}{QUESTION}{echo}\r\n{BYE}"


def test_a_chat_that_cannot_go_on_ends_with_one_line_and_exit_code_1() -> None:
    with FakeServer([[b"220 smtp.example ESMTP\r\n", UNTIL_GONE]]) as server:
        chat = run(sys.executable, "-m", "client", "chat", "--server", str(server.address))
    assert (chat.returncode, chat.stdout, chat.stderr.count("\n")) == (1, "", 1)
    assert "error: not answered outcome='not sent' why=" in chat.stderr
    assert "it greeted with '220 smtp.example ESMTP'; is the port right?" in chat.stderr


def test_a_check_that_passes_says_what_it_saw_and_exits_0() -> None:
    with FakeServer([[GREET, HEAR, ONE, UNTIL_GONE]]) as server:
        spoken = {"LANES_PROTOCOL": "lines"}  # as in Compose
        result = invoke("check", str(server.address), "--only", "answers", env=spoken)
    assert result.exit_code == 0
    first, _, last = result.output.splitlines()
    assert first.startswith("passed     answers  answered after ")
    assert last == f"{server.address}: 1 of 1 passed"


def test_a_check_that_fails_exits_1() -> None:
    with FakeServer([[CHUNK, b"Today"], [UNTIL_GONE]]) as server:
        result = invoke("check", str(server.address), "--only", "again", "--format", "json")
    assert result.exit_code == 1
    [told] = json.loads(result.output)["checks"]
    assert told["evidence"] == (
        "message 2 of 4 on the same connection: the server hung up instead of answering"
    )


def test_checking_nobody_exits_3_with_one_line() -> None:
    with nobody() as address:
        result = invoke("check", str(address))
    assert result.exit_code == 3
    [line] = result.output.splitlines()
    assert line.startswith(f"Nobody is there to be checked: {address} refused")


def test_a_server_that_speaks_lines_is_not_checked_as_if_it_did_not() -> None:
    with FakeServer([[GREET, UNTIL_GONE]]) as server:
        result = invoke("check", str(server.address))
    assert result.exit_code == 2
    assert "greets as `lines` has it: add --protocol lines" in result.output.splitlines()[-1]


def test_on_a_terminal_ctrl_c_ends_the_check_in_hand_and_tells_of_those_before() -> None:
    answering: list[Action] = [CHUNK, b"Today", UNTIL_GONE]
    with FakeServer([answering, [UNTIL_GONE], [UNTIL_GONE]]) as server:
        words = ("check", str(server.address), "--only", "answers", "--only", "again")
        with at_terminal(*words) as (terminal, screen):
            terminal.expect("2 of 2  again: Several messages on one connection are answered, each.")
            assert "\x1b[?25l" in screen.getvalue(), "the cursor is not hidden"
            terminal.sendintr()
            assert exit_code(terminal) == 130
    assert screen.getvalue().count("\x1b[?25h") == 1, "the cursor is not back"
    assert "answers  answered after " in screen.getvalue()
    assert screen.getvalue().endswith("1 of 2 passed, and then it was stopped\r\n")


def test_ctrl_c_ends_the_wait_for_a_server_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StopSignal, "sleep", lambda *_: signal.raise_signal(signal.SIGINT))
    with nobody() as address:
        result = invoke("check", str(address), "--wait", str(SECONDS))
    assert result.exit_code == 130
    assert result.output.strip() == f"{address}: 0 of 10 passed, and then it was stopped"


@pytest.mark.parametrize(("hard", "code", "raised"), [(64, 2, []), (4096, 3, [(132, 4096)])])
def test_as_many_clients_are_allowed_as_this_process_may_have(
    monkeypatch: pytest.MonkeyPatch, hard: int, code: int, raised: list[tuple[int, int]]
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: limits.append(both))
    with nobody() as address:
        result = invoke("check", str(address), "--many", "100")
    assert (result.exit_code, limits) == (code, raised)
    refusal = "100 clients need 132 file descriptors, and this process may have 64"
    assert (refusal in result.output) == (code == 2)
