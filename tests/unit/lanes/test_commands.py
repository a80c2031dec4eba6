"""`lanes picture`, `trace` and `report`, in this process and on a pseudo-terminal."""

import json
import re
import sys
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner, Result

from lanes.__main__ import COMMANDS, main
from tests.kit.at_terminal import at_terminal, exit_code
from tests.kit.command import run
from tests.kit.telling_servers import HOSTS, Swarm, registry

SHOW_CURSOR = "\x1b[?25h"
WATCH = ("lanes", "picture", "--watch", "--from")
WRITE = [("picture", "--svg"), ("trace",), ("report",)]


def lanes(swarm: Swarm, command: str, *words: str) -> Result:
    return CliRunner().invoke(main, [command, "--from", swarm.address, *words], prog_name="lanes")


def test_a_picture_of_a_single_server_needs_no_name(one: Swarm) -> None:
    shown = lanes(one, "picture")
    assert shown.exit_code == 0, shown.output
    first, _, _, lane, *_ = shown.output.splitlines()
    figures = "clients now 1  served at once 1 (peak 1)  messages 0  connections refused 0"
    assert first == f"model thread  {figures}"
    assert re.fullmatch(r"MainThread  \d+  .* #1 10.0.0.7:7", lane)
    assert "in the last" not in lanes(one, "picture", "--seconds", "300").output


def test_all_replicas_are_one_picture_and_a_silent_one_is_named(two: Swarm) -> None:
    two.hosts.append(HOSTS[2])
    silent = f"no answer from {HOSTS[2]} port {two.port}: "
    shown = lanes(two, "picture")
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert (
        lines[0] == "model test  clients now 2  served at once 2  messages 0  connections refused 0"
    )
    beside = ["server-1 at 127.0.0.1", "server-2 at 127.0.0.2"]
    assert [line.split(",")[0] for line in lines[1:3]] == beside
    for words in (silent, "server-1/Thread-1  ", "server-2/Thread-1  "):
        assert words in shown.output
    shown = lanes(two, "trace", "-")
    assert shown.exit_code == 0
    assert f"Not in the trace: {silent}" in shown.stderr
    assert json.loads(shown.stdout)["traceEvents"]


@pytest.mark.parametrize("several", [False, True])
def test_a_drawing_a_trace_and_a_report_are_written_to_files(
    request: pytest.FixtureRequest, tmp_path: Path, *, several: bool
) -> None:
    swarm: Swarm = request.getfixturevalue("two" if several else "one")
    drawing, trace, report = (tmp_path / name for name in ("lanes.svg", "trace.json", "r.html"))
    for words, file in zip(WRITE, (drawing, trace, report), strict=True):
        shown = lanes(swarm, *words, str(file))
        assert (shown.exit_code, shown.output) == (0, "")
    root = fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314 - it is our own
    assert root.tag.endswith("svg")
    events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    assert sum(event["name"] == "process_name" for event in events) == (2 if several else 1)
    assert report.read_text(encoding="utf-8").count("Running since") == (2 if several else 1)


@pytest.mark.parametrize("words", WRITE)
def test_a_failure_leaves_the_file(swarm: Swarm, words: tuple[str, ...], tmp_path: Path) -> None:
    swarm.hosts.append(HOSTS[0])
    kept = tmp_path / "kept"
    kept.write_text("of yesterday", encoding="utf-8")
    assert lanes(swarm, *words, str(kept)).exit_code == 1
    assert kept.read_text(encoding="utf-8") == "of yesterday"
    swarm.hosts.clear()
    swarm.start(registry())
    shown = lanes(swarm, *words, "/dev/full")
    assert shown.exit_code == 1
    assert shown.output == "Error: cannot write to /dev/full: No space left on device\n"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "no answer from 127.0.0.1 port {port}: [Errno 111] Connection refused"),
        ("nowhere", "the name 'nowhere' is not known here (Name or service not known); "),
        ("a..b", "the name 'a..b' is not known here ("),
    ],
)
def test_no_answer_is_one_line_and_exit_code_1(swarm: Swarm, name: str, told: str) -> None:
    swarm.hosts.append(HOSTS[0])
    shown = CliRunner().invoke(main, ["picture", "--from", name or swarm.address])
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: " + told.format(port=swarm.port))
    assert shown.output.endswith(". Is the server running?\n")
    assert shown.output.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        *[
            (["picture", "--from", name], "is not HOST[:PORT], as in 127.0.0.1, server:8022 or")
            for name in ("", ":8022", "a:b", "a:70000", "::1", "[::1", "a/b", "http://a", "u@a")
        ],
        (["picture", "--watch", "--svg", "-"], "a file is written once"),
        (["picture", "--watch"], "--watch needs a terminal to draw on."),
        (["picture", "--seconds", "0.5"], "0.5 is not in the range 1<=x<=86400"),
        (["picture", "--seconds", "nan"], "nan is not a number of seconds."),
        (["trace"], "Missing argument 'FILE|-'"),
        (["page", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(words: list[str], told: str) -> None:
    shown = CliRunner().invoke(main, words, prog_name="lanes")
    assert shown.exit_code == 2
    assert told in shown.output


def test_ipv6_addresses_and_names_are_asked_at_their_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("lanes.options.Servers", lambda *where: asked.append(where))
    for name in ("server", "server:1", "[::1]", "[fe80::1%eth0]:8", "127.0.0.1:"):
        CliRunner().invoke(main, ["picture"], env={"LANES_FROM": name})
    named = [("server", 8022), ("server", 1)]
    assert asked == [*named, ("::1", 8022), ("fe80::1%eth0", 8), ("127.0.0.1", 8022)]


def test_every_option_is_an_environment_variable_too() -> None:
    for command in COMMANDS:
        told = CliRunner().invoke(main, [command, "--help"], prog_name="lanes").output
        options = re.findall(r"^  (--tls(?= )|--[a-z-]+(?= [A-Z\[]))", told, re.MULTILINE)
        files = {"--svg", "--text", "--report", "--trace", "--json", "--card", "--printed"}
        for_this_time = {"--only", "--require", "--author", "--course", "--asked"}
        known = files | for_this_time
        assert len(re.findall(r"env\s+var:", told)) == len(set(options) - known), command


def test_each_command_is_in_the_help_and_is_called_lanes() -> None:
    told = run(sys.executable, "-m", "lanes", "--help").stdout
    assert told.startswith("Usage: lanes [OPTIONS] COMMAND")
    assert re.findall(r"^  (\w+) +[A-Z]", told, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM"])
def test_watch_draws_until_it_is_stopped_and_leaves_the_last_picture(one: Swarm, how: str) -> None:
    with at_terminal(*WATCH, f"{HOSTS[0]}:{one.port}") as (watch, screen):
        watch.expect_exact("#1 10.0.0.7:7")
        second = one.registries[0].admit("10.0.0.8:8")
        assert second is not None
        watch.expect(r"clients now \x1b\[1m2\x1b")
        one.registries[0].serve(second)
        watch.expect_exact("#2 10.0.0.8:8")
        watch.sendintr() if how == "Ctrl-C" else watch.kill(15)
        assert exit_code(watch) == 0
    *_, last = screen.getvalue().split("clients now")
    assert "Traceback" not in last
    assert last.endswith(SHOW_CURSOR)


def test_watch_draws_what_fits_until_the_last_server_ends(
    two: Swarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.stop(two.hosts[1])
    monkeypatch.setenv("LINES", "10")
    with at_terminal(*WATCH, f"{HOSTS[0]}:{two.port}") as (watch, screen):
        for _ in range(3):
            watch.expect_exact("server-1/Thread-1")
        two.stop(two.hosts[0])
        assert exit_code(watch) == 1
    assert "Is the server running?" in screen.getvalue()


FULL_DISK = '"$@" >/dev/full'  # full(4)


@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["check", "127.0.0.1:1"]])
def test_a_full_output_is_one_line_of_error_and_exit_code_1(
    words: list[str],
) -> None:
    done = run("bash", "-c", FULL_DISK, "bash", sys.executable, "-m", "lanes", *words)
    assert done.returncode == 1
    last = "Error: the output cannot be written: No space left on device"
    assert done.stderr.splitlines()[-1] == last
    assert "Traceback" not in done.stderr
