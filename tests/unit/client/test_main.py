"""`python -m client`: options -> objects -> exit code."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from client.__main__ import main
from tests.kit.at_terminal import at_terminal, exit_code
from tests.kit.command import ROOT, run, well
from tests.kit.fake_server import CHUNK, GREET, HEAR, ONE, UNTIL_GONE, Action, FakeServer, nobody
from tests.kit.handlers import signal_until_it_ends
from tests.kit.waiting import SECONDS


def invoke(
    *words: str, env: dict[str, str] | None = None, stdin: bytes = b"Hey", charset: str = "utf-8"
) -> Result:
    runner = CliRunner(charset=charset)
    return runner.invoke(main, words, input=stdin, env=env, prog_name="python -m client")


def play(served: list[Action], charset: str = "utf-8") -> Result:
    """`run` a script from standard input against a server that does `served` for one client."""
    with FakeServer([served]) as server:
        words = ("run", "--server", str(server.address), "--script", "-")
        return invoke(*words, charset=charset)


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "client", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, encoding="utf-8", stdout=pipe, stderr=pipe)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "--server", "::1"], "'::1' is not HOST:PORT"),
        (["run", "--greeting-timeout", "nan"], "nan is not a number of seconds"),
        (["run", "--repeat", "0"], "'0' is neither a number from 1 to 1000000 nor 'forever'"),
        (["run", "--repeat", "1000001"], "is neither a number"),
        (["run", "--repeat", "0000000001" + 20 * "0"], "is neither a number"),
        (["run", "--script", "/nowhere"], "'/nowhere': No such file or directory"),
        (["run", "--script", "-"], "line 1 is not UTF-8"),
    ],
)
def test_wrong_usage_is_one_line_of_error_and_exit_code_2(words: list[str], error: str) -> None:
    result = invoke(*words, stdin=b"\xff\n")
    assert result.exit_code == 2
    assert error in result.output.splitlines()[-1]
    assert "Traceback" not in result.output


def test_every_option_has_a_variable_that_the_help_names(tmp_path: Path) -> None:
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
    shown = " ".join(invoke("run", "--help").output.split())
    assert all(f"[env var: {name}; default:" in shown for name in variables)


def test_an_unanswered_message_exits_1_and_a_foreign_server_is_not_retried() -> None:
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
        signal_until_it_ends(client, number)
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


@pytest.mark.parametrize(
    ("keys", "echo"), [("n\n", "n"), ("yes\n", "yes"), ("\x04", ""), ("\x03", "^C")]
)
def test_a_chat_follows_the_handout_word_for_word_until_an_answer_other_than_y(
    keys: str, echo: str
) -> None:
    question = "\r\nDo you want to continue(y/n) :"
    with FakeServer([[CHUNK, b"one", CHUNK, b"two", UNTIL_GONE]]) as server:
        words = ("chat", "--server", str(server.address), "--protocol", "handout")
        with at_terminal("client", *words) as (terminal, screen):
            for typed in ("y\n", keys):
                terminal.expect_exact(question)
                terminal.send(typed)
            assert exit_code(terminal) == 0
    turns = [
        f"Received from the server : {text}\r\n{question}{seen}\r\n"
        for text, seen in (("one", "y"), ("two", echo))
    ]
    assert screen.getvalue() == "".join(turns) + "Bye Server\r\n"
    assert server.heard == [[b"Hey Server!!! What will we do in today's lab????"] * 2]


def test_a_chat_that_cannot_go_on_ends_with_one_line_and_exit_code_1() -> None:
    with FakeServer([[b"220 smtp.example ESMTP\r\n", UNTIL_GONE]]) as server:
        chat = run(sys.executable, "-m", "client", "chat", "--server", str(server.address))
    assert (chat.returncode, chat.stdout, chat.stderr.count("\n")) == (1, "", 1)
    assert "error: not answered outcome='not sent' why=" in chat.stderr
    assert "it greeted with '220 smtp.example ESMTP'; is the port right?" in chat.stderr


def test_check_says_where_it_has_moved() -> None:
    for words in ([], ["127.0.0.1:2022", "--only", "answers"], ["--help"]):
        result = invoke("check", *words)
        assert (result.exit_code, result.output.count("\n")) == (2, 1)
        assert "lanes check HOST:PORT" in result.stderr


FULL_DISK = '"$@" >/dev/full'  # full(4)


@pytest.mark.parametrize("words", [["--help"], ["run"], ["chat"]])
def test_a_full_output_is_one_line_of_error_and_exit_code_1(
    words: list[str],
) -> None:
    with FakeServer([[GREET, HEAR, ONE]]) as server:
        env = {"LANES_SERVER": str(server.address)}
        done = run("bash", "-c", FULL_DISK, "bash", sys.executable, "-m", "client", *words, **env)
    last = "Error: the output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, last)
