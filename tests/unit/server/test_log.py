"""What the log looks like, for people and for programs."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator

import pytest
import structlog

from server import log
from server.writer import LogWriter
from tests.kit.pipe import Pipe

FORGED = "x\n12:00:00.000 MainThread bye\x1b[2J\x7f\x00\u2028\u202e\x85"
SAFE = re.compile(rb"[\x20-\x7e]*\n")

Configure = Callable[..., LogWriter]


@pytest.fixture
def configure(pipe: Pipe) -> Iterator[Configure]:
    root = logging.getLogger()
    handlers, level, settings = root.handlers[:], root.level, structlog.get_config()
    root.handlers.clear()  # pytest's own: `configure` would close them

    def configure(log_format: str = "json", level: str = "info", replica: str = "") -> LogWriter:
        return log.configure(level, log.renderer(log_format, replica), pipe.writing)

    yield configure
    for ours in root.handlers:
        ours.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)


def test_a_json_line_says_what_where_and_when(pipe: Pipe, configure: Configure) -> None:
    writer = configure("json")
    structlog.get_logger().bind(peer="127.0.0.1:1").info("connected")
    writer.close()
    (line,) = map(json.loads, pipe.lines())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "event": "connected",
        "level": "info",
        "thread": "MainThread",
        "peer": "127.0.0.1:1",
    }


def test_a_console_line_is_for_people(pipe: Pipe, configure: Configure) -> None:
    writer = configure("console")
    structlog.get_logger().info("received from the client", text="Hey Server", messages=1, end=None)
    structlog.get_logger().warning("cannot accept")
    writer.close()
    first, second = pipe.lines()
    assert re.fullmatch(
        rb"\d\d:\d\d:\d\d\.\d{3} MainThread received from the client "
        rb"text='Hey Server' messages=1 end=None\n",
        first,
    )
    assert b" MainThread warning: cannot accept\n" in second


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_among_several_servers_each_line_names_the_replica(
    pipe: Pipe, configure: Configure, log_format: str
) -> None:
    writer = configure(log_format, replica="server-2")
    structlog.get_logger().info("connected")
    logging.getLogger("waitress").warning("of a library")
    writer.close()
    assert [b"server-2/MainThread" in line for line in pipe.lines()] == [True, True]


def test_the_thread_is_the_one_that_logged_not_the_one_that_writes(
    pipe: Pipe, configure: Configure
) -> None:
    writer = configure("json")
    lane = threading.Thread(target=structlog.get_logger().info, args=("bye",), name="Thread-7")
    lane.start()
    lane.join()
    writer.close()
    assert json.loads(pipe.lines()[0])["thread"] == "Thread-7"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_client_can_forge_a_line_or_send_a_control_character(
    pipe: Pipe, configure: Configure, log_format: str
) -> None:
    writer = configure(log_format)
    structlog.get_logger().info("received from the client", text=FORGED)
    structlog.get_logger().info("received from the client", text="\x7f")
    writer.close()
    lines = pipe.lines()
    assert len(lines) == 2
    assert all(SAFE.fullmatch(line) for line in lines)


def test_json_gives_every_text_back_as_it_was(pipe: Pipe, configure: Configure) -> None:
    writer = configure("json")
    structlog.get_logger().info("received from the client", text=FORGED)
    writer.close()
    assert json.loads(pipe.lines()[0])["text"] == FORGED


def test_below_its_level_nothing_is_written(pipe: Pipe, configure: Configure) -> None:
    writer = configure("json", "warning")
    structlog.get_logger().info("connected")
    structlog.get_logger().warning("cannot accept")
    writer.close()
    assert [json.loads(line)["event"] for line in pipe.lines()] == ["cannot accept"]


def test_a_traceback_is_that_of_the_thread_that_logged(pipe: Pipe, configure: Configure) -> None:
    writer = configure("json")
    try:
        raise ValueError("a fault of ours")
    except ValueError:
        structlog.get_logger().exception("session failed")
    writer.close()
    line = json.loads(pipe.lines()[0])
    assert line["level"] == "error"
    assert line["exception"].endswith("ValueError: a fault of ours")


def test_the_libraries_records_go_the_same_way(pipe: Pipe, configure: Configure) -> None:
    writer = configure("json")
    logging.getLogger("waitress").warning("Task queue depth is %d", 3)
    writer.close()
    line = json.loads(pipe.lines()[0])
    assert (line["event"], line["level"]) == ("Task queue depth is 3", "warning")


def test_a_librarys_exception_is_told_in_full(pipe: Pipe, configure: Configure) -> None:
    writer = configure("json")
    try:
        raise ValueError("a fault of theirs")
    except ValueError:
        logging.getLogger("waitress").exception("it failed")
    writer.close()
    assert json.loads(pipe.lines()[0])["exception"].endswith("ValueError: a fault of theirs")


def test_a_librarys_text_forges_no_line_either(pipe: Pipe, configure: Configure) -> None:
    writer = configure("console")
    logging.getLogger("waitress").info("serving %s", FORGED)
    writer.close()
    (line,) = pipe.lines()
    assert SAFE.fullmatch(line)


@pytest.mark.parametrize("text", ["", "a\\xff", "it's", 'say "hey"', "a=b"])
def test_a_text_that_could_be_mistaken_is_quoted(
    pipe: Pipe, configure: Configure, text: str
) -> None:
    writer = configure("console")
    structlog.get_logger().info("received from the client", text=text)
    writer.close()
    assert pipe.lines()[0].decode().endswith(f" text={text!r}\n")
