"""`python -m client`: options -> objects -> exit code."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from click.testing import CliRunner, Result

import client
from client.__main__ import main
from tests.kit.fake_server import CHUNK, GREET, HEAR, UNTIL_GONE, Action, FakeServer
from tests.kit.waiting import SECONDS

ONE = b"+OK T-1: one\r\n"
ROOT = Path(client.__file__).parents[1]


def invoke(*words: str, env: dict[str, str] | None = None, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, words, input=stdin, env=env, prog_name="python -m client")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text("Hey\n")
    return path


def start(*words: str, **options: object) -> subprocess.Popen[str]:
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "client", *words],
        cwd=ROOT,
        encoding="utf-8",
        **pipe | options,
    )


@pytest.mark.parametrize("words", [[], ["run"], ["chat"]])
def test_every_option_and_its_variable_stand_in_the_help(words: list[str]) -> None:
    result = invoke(*words, "--help")
    assert result.exit_code == 0
    assert result.output.startswith("Usage: python -m client")
    text = " ".join(result.output.split())
    for option in ("--server", "--greeting-timeout", "--protocol") if words else ():
        variable = "LANES_" + option.removeprefix("--").replace("-", "_").upper()
        assert option in text
        assert f"[env var: {variable}; default:" in text


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["run", "--server", "::1"], "'::1' is not HOST:PORT"),
        (["chat", "--server", "a:b"], "'a:b' is not HOST:PORT"),
        (["run", "--protocol", "http"], "'http' is not one of"),
        (["run", "--greeting-timeout", "0"], "not in the range"),
        (["run", "--greeting-timeout", "nan"], "nan is not a number of seconds"),
        (["run", "--repeat", "0"], "'0' is neither a number from 1 to 1000000 nor 'forever'"),
        (["run", "--repeat", "often"], "'often' is neither"),
        (["run", "--repeat", "1000001"], "'1000001' is neither"),
        (["run", "--repeat", "0000000001" + 20 * "0"], "is neither a number"),
        (["run", "--script", "/nowhere"], "'/nowhere': No such file or directory"),
        (["run", "--script", "/"], "'/': Is a directory"),
        (["run", "--log-format", "xml"], "'xml' is not one of"),
        (["run", "--nonsense"], "No such option"),
        (["check"], "Missing argument 'HOST:PORT'"),
        (["check", "::1"], "'::1' is not HOST:PORT"),
        (["check", "a:1", "--clients", "1"], "not in the range"),
        (["check", "a:1", "--many", "501"], "not in the range"),
        (["check", "a:1", "--timeout", "nan"], "nan is not a number of seconds"),
        (["check", "a:1", "--only", "luck"], "'luck' is not one of"),
        (["check", "a:1", "--only", "order"], "`order` is a check of --protocol lines alone"),
        (["sing"], "No such command"),
    ],
)
def test_wrong_usage_is_one_line_of_error_and_exit_code_2(words: list[str], error: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert error in result.output.splitlines()[-1]
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"Hey\n#pause x\n", "line 2: #pause takes a number"),
        (b"\xff\n", "line 1 is not UTF-8"),
        (b"", "there is no message in it"),
    ],
)
def test_a_wrong_script_is_wrong_usage(content: bytes, error: str) -> None:
    result = invoke("run", "--script", "-", stdin=content)
    assert result.exit_code == 2
    assert error in result.output.splitlines()[-1]


def test_a_run_from_standard_input_in_json_is_one_object_a_line() -> None:
    with FakeServer([[GREET, HEAR, b"+OK T-1: \x7f\x1b\r\n", UNTIL_GONE]]) as server:
        options = ["--server", str(server.address), "--script", "-", "--log-format", "json"]
        result = invoke("run", *options, stdin=b"Hey")
    assert result.exit_code == 0
    assert "\x7f" not in result.output
    events = [json.loads(line) for line in result.output.splitlines()]
    assert [e["event"] for e in events] == ["connected", "greeted", "reply", "summary"]
    assert events[2]["text"] == "\x7f\x1b"


def test_every_option_can_be_a_variable(script: Path) -> None:
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
    replies = [json.loads(line) for line in result.output.splitlines()]
    assert [(e["thread"], e["text"]) for e in replies[1:-1]] == [(None, "one"), (None, "two")]


def test_what_is_not_answered_makes_exit_code_1(script: Path) -> None:
    with FakeServer([[b"SSH-2.0-OpenSSH_9.2\r\n", UNTIL_GONE]]) as server:
        result = invoke("run", "--server", str(server.address), "--script", str(script))
    assert result.exit_code == 1
    assert "error: not answered number=1 message=Hey outcome='not sent'" in result.output
    assert "is not a Thread Lanes server: it greeted with 'SSH-2.0-OpenSSH_9.2'" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_endless_run_with_a_summary_and_exit_code_0(
    script: Path, number: int
) -> None:
    script.write_text("Hey\n#pause 3600\n")
    options = ["--script", str(script), "--repeat", "forever"]
    with (
        FakeServer([[GREET, HEAR, ONE, UNTIL_GONE]]) as server,
        start("run", "--server", str(server.address), *options) as run,
    ):
        assert run.stdout is not None
        next(line for line in run.stdout if " reply " in line)
        run.send_signal(number)
        out, err = run.communicate(timeout=SECONDS)
    assert "summary messages=1 answered=1" in out
    assert (run.returncode, err) == (0, "")


def test_a_signal_ends_the_search_for_a_server_that_is_absent(script: Path) -> None:
    with FakeServer([]) as server:
        address = str(server.address)
    with start("run", "--server", address, "--script", str(script)) as run:
        assert run.stdout is not None
        line = run.stdout.readline()
        run.send_signal(signal.SIGTERM)
        out, err = run.communicate(timeout=SECONDS)
    assert f"{address} refused the connection: is the server running" in line
    assert "summary messages=0" in out
    assert (run.returncode, err) == (0, "")


def test_a_reader_that_leaves_ends_it_without_a_traceback(script: Path) -> None:
    script.write_text("Hey\n" * 3000)  # their replies are more than a pipe holds
    turn: list[Action] = [HEAR, ONE]
    with (
        FakeServer([[GREET, *turn * 3000]]) as server,
        start("run", "--server", str(server.address), "--script", str(script)) as run,
    ):
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 1


def test_text_that_the_output_cannot_encode_is_escaped(script: Path) -> None:
    with FakeServer([[GREET, HEAR, "+OK T-1: Grüße\r\n".encode(), UNTIL_GONE]]) as server:
        options = ["--server", str(server.address), "--script", str(script)]
        with start("run", *options, env=os.environ | {"PYTHONIOENCODING": "ascii"}) as run:
            out, err = run.communicate(timeout=SECONDS)
    assert "text='Gr\\xfc\\xdfe'" in out
    assert (run.returncode, err) == (0, "")


def test_it_runs_without_any_standard_stream() -> None:
    with FakeServer([[GREET, HEAR, ONE, UNTIL_GONE]]) as server:
        command = [sys.executable, "-m", "client", "chat", "--server", str(server.address)]
        shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
        assert subprocess.run(shell, cwd=ROOT, timeout=SECONDS, check=False).returncode == 0
    assert len(server.heard[0]) == 1


def check(server: FakeServer, *words: str, env: dict[str, str] | None = None) -> Result:
    return invoke("check", str(server.address), *words, env=env)


def test_a_check_that_passes_says_what_it_saw_and_exits_0() -> None:
    with FakeServer([[CHUNK, b"Today", UNTIL_GONE]]) as server:
        result = check(server, "--only", "answers")
    assert result.exit_code == 0
    first, _, last = result.output.splitlines()
    assert first.startswith("passed     answers  answered after ")
    assert last == f"{server.address}: 1 of 1 passed"


def test_a_check_that_fails_exits_1_in_every_format() -> None:
    with FakeServer([[CHUNK, b"Today"], [UNTIL_GONE]]) as server:
        result = check(server, "--only", "again", "--format", "json")
    assert result.exit_code == 1
    [told] = json.loads(result.output)["checks"]
    assert told["evidence"] == (
        "message 2 of 4 on the same connection: the server hung up instead of answering"
    )


def test_checking_nobody_exits_3_with_one_line() -> None:
    with FakeServer([]) as server:
        pass
    result = check(server)
    assert result.exit_code == 3
    [line] = result.output.splitlines()
    assert line.startswith(f"Nobody is there to be checked: {server.address} refused")


def test_a_server_that_speaks_lines_is_not_checked_as_if_it_did_not() -> None:
    with FakeServer([[GREET, UNTIL_GONE]]) as server:
        result = check(server)
    assert result.exit_code == 2
    assert "greets as `lines` has it: add --protocol lines" in result.output.splitlines()[-1]


def test_compose_says_what_is_spoken() -> None:
    with FakeServer([[GREET, HEAR, ONE, UNTIL_GONE]]) as server:
        result = check(server, "--only", "answers", env={"LANES_PROTOCOL": "lines"})
    assert result.exit_code == 0


def test_on_a_terminal_one_sees_what_is_being_checked() -> None:
    with FakeServer([[CHUNK, b"Today", UNTIL_GONE]]) as server:
        words = ["-m", "client", "check", str(server.address), "--only", "answers"]
        with pexpect.spawn(sys.executable, words, cwd=ROOT, encoding="utf-8") as terminal:
            terminal.expect("1 of 1  answers: A client's message is answered.", timeout=SECONDS)
            terminal.expect("1 of 1 passed", timeout=SECONDS)
            terminal.expect(pexpect.EOF, timeout=SECONDS)


def test_ctrl_c_ends_the_checks_and_tells_what_came_of_them_so_far() -> None:
    answering: list[Action] = [CHUNK, b"Today", UNTIL_GONE]
    interrupting: list[Action] = [CHUNK, lambda: os.kill(running.pid, signal.SIGINT), UNTIL_GONE]
    with FakeServer([answering, [UNTIL_GONE], interrupting]) as server:
        words = ("--only", "answers", "--only", "again")
        running = start("check", str(server.address), *words)
        output, errors = running.communicate(timeout=SECONDS)
    assert running.returncode == 130
    assert errors == ""
    assert output.splitlines()[0].startswith("passed     answers")
    assert output.splitlines()[-1] == f"{server.address}: 1 of 2 passed, and then it was stopped"


def test_a_terminal_has_its_cursor_back_after_ctrl_c() -> None:
    with FakeServer([[UNTIL_GONE]]) as server:
        words = ["-m", "client", "check", str(server.address)]
        with pexpect.spawn(sys.executable, words, cwd=ROOT, encoding="utf-8") as terminal:
            terminal.expect("1 of 10  answers", timeout=SECONDS)
            hidden = str(terminal.before).rfind("\x1b[?25l")
            terminal.sendintr()
            terminal.expect("0 of 10 passed, and then it was stopped", timeout=SECONDS)
            assert hidden >= 0
            assert str(terminal.before).count("\x1b[?25h") == 1


def test_ctrl_c_before_anything_was_tried_ends_it_too() -> None:
    with FakeServer([[lambda: os.kill(running.pid, signal.SIGINT), UNTIL_GONE]]) as server:
        running = start("check", str(server.address))
        output, errors = running.communicate(timeout=SECONDS)
    assert (running.returncode, errors) == (130, "")
    assert output.strip() == f"{server.address}: 0 of 10 passed, and then it was stopped"


def test_more_clients_than_this_process_may_have_are_wrong_usage() -> None:
    limited = start("check", "127.0.0.1:1", "--many", "100", preexec_fn=limit_descriptors)
    _, errors = limited.communicate(timeout=SECONDS)
    assert limited.returncode == 2
    assert "100 clients need 132 file descriptors, and this process may have 64" in errors


def limit_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
