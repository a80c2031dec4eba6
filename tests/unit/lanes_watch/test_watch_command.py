"""`lanes watch`: what it starts, passes on, shows and returns."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from lanes.__main__ import main
from lanes.document import parse
from lanes.watch.ending import Ending
from lanes.watch.target import NotFound
from tests.kit.at_terminal import at_terminal, exit_code
from tests.kit.command import run, runs
from tests.kit.http_get import get
from tests.kit.server_process import reserve
from tests.kit.waiting import SECONDS, wait_until
from tests.watch.truth import Target, running

WATCH = sys.executable, "-m", "lanes", "watch"
# pexpect forks, and Python 3.12 and later warn about forks with threads; it execs at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

STOPPED = """
import signal, sys
def stop(number, _):
    print("stopped by", number, flush=True)
    sys.exit(5)
signal.signal(signal.SIGINT, stop)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
signal.pause()
"""


def invoke(*words: str) -> Result:
    return CliRunner().invoke(main, ["watch", *words])


@contextmanager
def watching(*words: str) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    with subprocess.Popen([*WATCH, *words], stdout=pipe, stderr=pipe, text=True) as watch:
        try:
            yield watch
        finally:
            watch.kill()


@pytest.fixture
def server() -> Iterator[Target]:
    with running("threads") as target:
        yield target


@pytest.mark.parametrize(
    ("code", "ends"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 128 + signal.SIGKILL)]
)
def test_a_command_ends_the_watch_with_its_own_exit_code_and_its_output_is_untouched(
    tmp_path: Path, code: str, ends: int
) -> None:
    program = f"import os, sys; print('out', flush=True); print('err', file=sys.stderr); {code}"
    words = "--json", str(tmp_path / "seen.json"), "--", sys.executable, "-c", program
    done = run(*WATCH, *words)
    assert (done.returncode, done.stdout, done.stderr) == (ends, "out\n", "err\n")
    assert parse((tmp_path / "seen.json").read_bytes()).sessions == ()


def test_ctrl_c_from_a_terminal_reaches_the_command_once() -> None:
    words = "--json", "/dev/null", "--", sys.executable, "-S", "-c", STOPPED
    with at_terminal("lanes", "watch", *words) as (watch, screen):
        watch.expect_exact("up")
        watch.sendcontrol("c")
        assert exit_code(watch) == 5
    assert screen.getvalue().count("stopped by 2") == 1
    assert "Traceback" not in screen.getvalue()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_to_the_command(number: signal.Signals) -> None:
    with watching("--json", "/dev/null", "--", sys.executable, "-S", "-c", STOPPED) as watch:
        assert watch.stdout
        assert watch.stdout.readline() == "up\n"
        watch.send_signal(number)
        assert watch.communicate(timeout=SECONDS) == (f"stopped by {number:d}\n", "")
        assert watch.returncode == 5


def test_a_process_that_runs_is_watched_until_the_watch_is_stopped(server: Target) -> None:
    asked = "--port", str(server.port), "--every", "0.1", "--json", "-"
    with closing(server.talk()) as client, watching(*asked) as watch:
        client.say()
        _, tid = client.answer()
        assert watch.stdout
        while not (sessions := parse(watch.stdout.readline().encode()).sessions):
            pass  # the watcher has not looked yet
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(SECONDS) == 0
    [session] = sessions
    assert (session.client, session.native_id, session.how) == (client.address, tid, "direct")
    assert runs(server.pid)


def test_a_watch_ends_with_the_process_that_it_watches() -> None:
    with running("threads") as target, watching("--pid", str(target.pid), "--json", "-") as watch:
        # A watch opens its socket to the kernel last: until then it has not begun.
        wait_until(lambda: any(one.startswith("socket:") for one in links(watch.pid)))
        target.end()
        assert watch.wait(SECONDS) == 0


def links(pid: int) -> set[str]:
    found = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(one.readlink()))
        except OSError:  # it has been closed
            continue
    return found


def test_after_the_given_seconds_the_command_ends_and_the_document_is_written() -> None:
    seen = invoke("--seconds", "0.5", "--json", "-", "--", "sleep", "600")
    assert seen.exit_code == 0
    assert not runs(parse(seen.output.encode()).pid)


def test_a_command_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanes.watch.ending.PATIENCE", 0.1)
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.pause()"
    seen = invoke("--seconds", "0.5", "--json", "-", "--", sys.executable, "-S", "-c", program)
    assert seen.exit_code == 0
    assert not runs(parse(seen.output.encode()).pid)


@pytest.mark.parametrize("seconds", ["1", "600"])
def test_children_of_the_command_end_with_it(seconds: str) -> None:
    program = "import os, time\nif child := os.fork(): print(child, flush=True)\ntime.sleep(600)"
    words = "--seconds", seconds, "--json", "/dev/null", "--", sys.executable, "-S", "-c", program
    with watching(*words) as watch:
        assert watch.stdout
        child = int(watch.stdout.readline())
        wait_until(lambda: f"/proc/{child}/mem" in links(watch.pid))  # it is watched
        if seconds == "600":
            watch.send_signal(signal.SIGTERM)
        assert watch.wait(SECONDS) == (0 if seconds == "1" else 128 + signal.SIGTERM)
    wait_until(lambda: not runs(child))


def test_a_line_is_written_at_intervals(server: Target) -> None:
    words = "--pid", str(server.pid), "--every", "0.1", "--json", "-"
    with watching(*words) as watch:
        assert watch.stdout
        moments = [json.loads(watch.stdout.readline())["at"] for _ in range(3)]
    assert moments == sorted(moments)


def test_each_requested_file_is_written(server: Target, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("report", "trace", "svg", "json")}
    asked = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    with closing(server.talk()) as client:
        client.say()
        client.answer()
        assert invoke("--pid", str(server.pid), "--seconds", "1.5", *asked).exit_code == 0
    assert all(client.address in file.read_text(encoding="utf-8") for file in files.values())


def test_the_page_is_on_the_requested_port(server: Target) -> None:
    with reserve() as reserved:
        port = reserved.getsockname()[1]
        with watching("--port", str(server.port), "--page-port", str(port)) as watch:
            assert watch.stdout
            assert f"http://127.0.0.1:{port}/" in watch.stdout.readline()
            snapshot = parse(get(port, "/sessions.json").body)
            assert snapshot.seen
            assert [queue.address for queue in snapshot.seen.queues] == [f"127.0.0.1:{server.port}"]
            again = invoke("--pid", str(server.pid), "--page-port", str(port))
            assert again.exit_code == 1
            assert f"cannot listen on 127.0.0.1 port {port}" in again.output


def test_the_lanes_are_drawn_in_the_terminal(
    server: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    words = "--port", str(server.port), "--terminal"
    with closing(server.talk()) as client, at_terminal("lanes", "watch", *words) as (watch, _):
        client.say()
        client.answer()
        watch.expect_exact(f"#1 {client.address}")
        watch.sendcontrol("c")
        assert exit_code(watch) == 0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "Name exactly one to watch: -- COMMAND, --port, --pid or --container."),
        (["--pid", "1", "--container", "a"], "Name exactly one to watch"),
        (["--pid", "1", "--", "true"], "Name exactly one to watch"),
        (["--port", "80", "--every", "1"], "--every needs --json."),
        (["--port", "65536"], "not in the range"),
        (["--port", "abc"], "Invalid value for '--port': 'abc' is not a valid port."),
        (["--pid", "x"], "'x' is not a valid integer."),
        (["--port", "80", "--seconds", "nan"], "nan is not a number of seconds."),
    ],
)
def test_wrong_usage_is_one_line_of_error_and_exit_code_2(words: list[str], error: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert error in result.output.splitlines()[-1]


def test_a_missing_target_is_one_line_and_exit_code_1() -> None:
    with reserve() as reserved:
        port = reserved.getsockname()[1]
        result = invoke("--port", str(port))
    assert result.exit_code == 1
    assert result.output == f"Error: nothing is listening on port {port} on this machine.\n"


def test_a_wrong_port_is_answered_with_where_the_process_listens(server: Target) -> None:
    seen = invoke(
        "--pid", str(server.pid), "--port", "1", "--seconds", "0.5", "--json", "/dev/null"
    )
    assert seen.output == (
        f"The server is not listening on port 1 but on 127.0.0.1:{server.port}: "
        f"pass --port {server.port}, or leave --port out.\n"
    )


def test_an_option_that_needs_a_terminal_says_so(server: Target) -> None:
    result = invoke("--pid", str(server.pid), "--terminal")
    assert result.exit_code == 2
    assert "--terminal needs a terminal to draw on." in result.output


def test_on_another_system_it_shows_how_to_watch_inside_the_container(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    result = invoke("--port", "80")
    assert result.exit_code == 1
    assert "--pid container:NAME --network container:NAME" in result.output


def test_a_server_that_ends_at_once_gives_its_exit_code_and_one_line_at_most() -> None:
    done = run(*WATCH, "--text", "-", "--", "sh", "-c", "exit 7")
    assert done.returncode == 7
    assert done.stderr in {"", "sh -c exit 7 exited before it could be watched.\n"}


def test_a_server_that_is_just_ending_still_gives_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel removes a process's /proc files before it reports that the process has ended."""
    monkeypatch.setattr("lanes.watch.command.Watched", Mock(side_effect=NotFound("it has ended")))
    assert invoke("--text", "-", "--", "sh", "-c", "sleep 0.2; exit 7").exit_code == 7


def test_a_server_that_goes_into_the_background_is_watched_by_its_port_instead() -> None:
    done = run(*WATCH, "--json", "/dev/null", "--", "sh", "-c", "sleep 0.5")
    assert done.returncode == 0
    assert done.stderr == (
        "The command has exited. If the server now runs in the background, "
        "watch it with --port PORT.\n"
    )


def test_a_server_is_not_left_running_if_the_page_cannot_be_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ending = Ending()
    monkeypatch.setattr("lanes.watch.command.Ending", lambda: ending)
    with reserve() as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        result = invoke("--page-port", port, "--", "sleep", "600")
    assert result.exit_code == 1
    assert "Choose another with --host or --page-port." in result.output
    assert ending.child
    assert ending.child.returncode == -signal.SIGTERM
