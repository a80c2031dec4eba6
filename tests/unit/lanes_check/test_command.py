"""`lanes check`: options -> the checks -> a scorecard and an exit code."""

import json
import resource
import socket
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from lanes.__main__ import main
from lanes.check.dialer import NAME
from tests.kit.at_terminal import at_terminal, exit_code
from tests.kit.fake_server import CHUNK, GREET, HEAR, UNTIL_GONE, Action, FakeServer, nobody
from tests.kit.waiting import SECONDS


def invoke(*words: str, env: dict[str, str] | None = None, charset: str = "utf-8") -> Result:
    return CliRunner(charset=charset).invoke(main, ["check", *words], env=env)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["::1"], "'::1' is not HOST:PORT"),
        (["a:1", "--many", "501"], "not in the range"),
        (["a:1", "--timeout", "nan"], "nan is not a number of seconds"),
        (["a:1", "--only", "order"], "the check `order` needs --protocol lines"),
        (["a:1", "--only", "threads"], "the check `threads` needs --protocol lines, or to watch: "),
        ([], "Give the server's address as HOST:PORT, or a command to start it: -- COMMAND."),
        (["--"], "There is no command after --."),
        (["--pid", "1", "--", "true"], "--pid, --container and -- COMMAND exclude each other."),
    ],
)
def test_wrong_usage_is_one_line_of_error_and_exit_code_2(words: list[str], error: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert error in result.output.splitlines()[-1]
    assert "Traceback" not in result.output


def test_a_passed_check_shows_what_it_saw_escaped_and_exits_0() -> None:
    spoken = {"LANES_PROTOCOL": "lines"}  # as in Compose
    with FakeServer([[GREET, HEAR, "+OK T-1: 你好\n".encode(), UNTIL_GONE]] * 2) as server:
        words = (str(server.address), "--only", "answers")
        result = invoke(*words, env=spoken, charset="latin-1")
    assert result.exit_code == 0
    first, _, last = result.output.splitlines()
    assert first.startswith("passed     answers  answered after ")
    assert r"\u4f60\u597d" in first
    assert last == f"{server.address}: 1 of 1 passed"


def test_a_failed_check_exits_1() -> None:
    with FakeServer([[CHUNK, b"Today"]] * 2) as server:
        result = invoke(str(server.address), "--only", "again", "--format", "json")
    assert result.exit_code == 1
    [told] = json.loads(result.output)["checks"]
    assert told["evidence"].startswith("message 2 of 4 on the same connection: the server hung up")


def test_a_server_that_speaks_lines_is_not_checked_as_handout() -> None:
    with FakeServer([[GREET, UNTIL_GONE]]) as server:
        result = invoke(str(server.address))
    assert result.exit_code == 2
    assert "speaks `lines`: add --protocol lines" in result.output.splitlines()[-1]


@pytest.mark.parametrize(
    "greeting", [b"+OK POP3 server ready <1896.697@a>\r\n", b"+OK\r\n", b"+OK POP3: ready, Bea\r\n"]
)
def test_a_server_with_a_greeting_similar_to_lines_is_checked(greeting: bytes) -> None:
    with FakeServer([[greeting, CHUNK, b"-ERR what?\r\n", UNTIL_GONE]] * 3) as server:
        result = invoke(str(server.address), "--only", "answers")
    assert (result.exit_code, result.stderr) == (0, "")


def test_on_a_terminal_ctrl_c_ends_the_check_in_hand_and_keeps_the_results() -> None:
    answering: list[Action] = [CHUNK, b"Today", UNTIL_GONE]
    with FakeServer([answering, [UNTIL_GONE], answering, [UNTIL_GONE]]) as server:
        words = (str(server.address), "--only", "answers", "--only", "again")
        with at_terminal("lanes", "check", *words) as (terminal, screen):
            terminal.expect("2 of 2  again: Each of several messages on one connection is")
            assert "\x1b[?25l" in screen.getvalue(), "the cursor is not hidden"
            terminal.sendintr()
            assert exit_code(terminal) == 130
    assert screen.getvalue().count("\x1b[?25h") == 1, "the cursor is not back"
    assert "answers  answered after " in screen.getvalue()
    assert screen.getvalue().endswith("1 of 2 passed, then interrupted\r\n")


def test_ctrl_c_ends_the_wait_for_a_server_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.check.dialer.time.sleep", Mock(side_effect=KeyboardInterrupt))
    with nobody() as address:
        result = invoke(str(address), "--wait", str(SECONDS))
    assert result.exit_code == 130
    assert result.output.strip() == f"{address}: 0 of 10 passed, then interrupted"


@pytest.mark.parametrize("hard", [64, 4096])
def test_no_server_exits_3_and_too_many_clients_exit_2(
    monkeypatch: pytest.MonkeyPatch, hard: int
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: limits.append(both))
    with nobody() as address:
        result = invoke(str(address), "--many", "100")
    if hard == 64:
        assert (result.exit_code, limits) == (2, [])
        line = result.stderr.splitlines()[-1]
        assert "100 clients need 132 file descriptors, but this process may have only 64" in line
    else:
        assert (result.exit_code, limits) == (3, [(132, 4096)])
        [line] = result.stderr.splitlines()
        assert line.startswith(f"There is no server to check: {address} refused")


def test_a_name_that_is_not_known_gets_a_hint_about_names(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=unknown))
    result = invoke("nowhere", "--format", "json")
    [listens] = json.loads(result.stdout)["checks"]
    assert (result.exit_code, listens["hint"]) == (3, NAME)
    assert result.stderr.endswith(f" is not known here (Name or service not known): {NAME}\n")


def test_without_a_server_the_scorecard_has_one_failure_and_the_printed_file(
    tmp_path: Path,
) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"\xff\n" + b"x" * 100_000 + b"\nTraceback:\n\x1b[2J  No port for me\n\n")
    with nobody() as address:
        words = (str(address), "--format", "json", "--printed", str(log))
        result = invoke(*words)
    assert result.exit_code == 3
    card = json.loads(result.stdout)
    [failed] = card["checks"]
    assert (card["server"], card["of"]) == (str(address), 1)
    assert (failed["name"], failed["verdict"]) == ("listens", "failed")
    _, last, *_, before, end = failed["evidence"].splitlines()
    assert (len(last), before, end) == (200, "Traceback:", r"\x1b[2J  No port for me")
    assert failed["hint"] == f"what it printed last: {end}"


def test_a_scorecard_is_shown_in_another_format_with_its_exit_code(tmp_path: Path) -> None:
    written = tmp_path / "card.json"
    with nobody() as address:
        written.write_text(invoke(str(address), "--format", "json").stdout, encoding="utf-8")
    shown = invoke("--card", str(written))
    assert (shown.exit_code, shown.stderr) == (3, "")
    assert shown.stdout.startswith(f"FAILED     listens  {address} refused the connection")
    assert shown.stdout.endswith(f"{address}: 0 of 1 passed\n")
    assert invoke("--card", str(written), "--format", "junit").exit_code == 3
    written.write_text("{}", encoding="utf-8")
    result = invoke("--card", str(written))
    assert result.exit_code == 2
    assert "this is no card of `--format json`: KeyError" in result.output
