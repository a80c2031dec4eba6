"""How the log looks to people and to programs."""

import json
import logging
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from server.log.writer import LogWriter
from tests.kit.pipe import Pipe
from tests.kit.waiting import wait_for_end

FORGED = "x\n12:00:00.000 MainThread bye\x1b[2J\x7f\x00\u2028\u202e\x85"
SAFE = re.compile(rb"[\x20-\x7e]*\n")

Logged = Callable[..., list[bytes]]


@pytest.fixture
def logged(configure: Callable[..., LogWriter], pipe: Pipe) -> Logged:
    """Configures a log, calls `do`, and returns the lines that were logged."""

    def logged(do: Callable[[], object], *words: str) -> list[bytes]:
        writer = configure(*words)
        do()
        writer.close()
        return pipe.lines()

    return logged


def hear(**facts: object) -> None:
    structlog.get_logger().info("received from the client", **facts)


def test_a_json_line_says_what_where_and_when(logged: Logged) -> None:
    def log() -> None:
        say = structlog.get_logger().bind(peer="127.0.0.1:1").info
        lane = threading.Thread(target=say, args=("connected",), name="Thread-7")
        lane.start()
        wait_for_end(lane)

    [line] = map(json.loads, logged(log))
    assert line.pop("time").endswith("+00:00")
    said = {"event": "connected", "level": "info", "thread": "Thread-7", "peer": "127.0.0.1:1"}
    assert line == said


def test_a_console_line_has_time_thread_event_and_facts(logged: Logged) -> None:
    def log() -> None:
        hear(text="Hey Server", messages=1, end=None)
        structlog.get_logger().warning("cannot accept")

    first, second = logged(log, "console")
    assert re.fullmatch(
        rb"\d\d:\d\d:\d\d\.\d{3} MainThread received from the client "
        rb"text='Hey Server' messages=1 end=None\n",
        first,
    )
    assert b" MainThread warning: cannot accept\n" in second


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_among_several_servers_each_line_names_the_replica(logged: Logged, log_format: str) -> None:
    def log() -> None:
        hear()
        logging.getLogger("waitress").warning("of a library")

    lines = logged(log, log_format, "info", "server-2")
    assert [b"server-2/MainThread" in line for line in lines] == [True, True]


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_text_can_forge_a_line_or_command_a_terminal(logged: Logged, log_format: str) -> None:
    def log() -> None:
        hear(text=FORGED)
        hear(text="\x7f")
        logging.getLogger("waitress").info("serving %s", FORGED)

    lines = logged(log, log_format)
    assert len(lines) == 3
    assert all(SAFE.fullmatch(line) for line in lines)
    if log_format == "json":  # it keeps every text unchanged
        assert json.loads(lines[0])["text"] == FORGED


@pytest.mark.parametrize("text", ["", "a\\xff", "it's", 'say "hey"', "a=b"])
def test_an_ambiguous_text_is_quoted(logged: Logged, text: str) -> None:
    [line] = logged(lambda: hear(text=text), "console")
    assert line.decode().endswith(f" text={text!r}\n")


def test_events_below_the_level_are_not_written(logged: Logged) -> None:
    def log() -> None:
        hear()
        structlog.get_logger().warning("cannot accept")
        logging.getLogger("waitress").warning("Task queue depth is %d", 3)

    lines = [json.loads(line) for line in logged(log, "json", "warning")]
    assert [line["event"] for line in lines] == ["cannot accept", "Task queue depth is 3"]
    assert [line["level"] for line in lines] == ["warning", "warning"]


@pytest.mark.parametrize("logger", [structlog.get_logger(), logging.getLogger("waitress")])
def test_an_exception_of_ours_or_a_library_is_logged_in_full(logged: Logged, logger: Any) -> None:  # noqa: ANN401 - they share no type
    def log() -> None:
        try:
            raise ValueError("a fault")
        except ValueError:
            logger.exception("it failed")

    [line] = map(json.loads, logged(log))
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("ValueError: a fault")
