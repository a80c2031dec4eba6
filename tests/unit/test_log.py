"""From any thread onto standard output, without ever holding the caller up."""

import fcntl
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import structlog

from server import log
from tests.unit.running import wait_until

FORGED = "x\n12:00:00.000 MainThread bye\x1b[2J\x7f\x00\u2028\u202e\x85"
SAFE = re.compile(rb"[\x20-\x7e]*\n")

Configure = Callable[..., log.LogWriter]


class Pipe:
    """Where the log goes: what a `docker logs` or a terminal would read."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)
        self.open = {self.reading, self.writing}

    def close(self, end: int) -> None:
        self.open.discard(end)
        os.close(end)

    def lines(self) -> list[bytes]:
        """All that was written, once nothing more will be."""
        self.close(self.writing)
        with os.fdopen(os.dup(self.reading), "rb") as reader:
            return reader.readlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for end in list(pipe.open):
        pipe.close(end)


@pytest.fixture
def configure(pipe: Pipe) -> Iterator[Configure]:
    root = logging.getLogger()
    handlers, level, settings = root.handlers[:], root.level, structlog.get_config()
    root.handlers.clear()  # pytest's own: `configure` would close them

    def configure(log_format: str = "json", level: str = "info") -> log.LogWriter:
        return log.configure(level, log_format, pipe.writing)

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


def test_a_record_that_cannot_be_rendered_is_counted_and_the_next_is_written(
    pipe: Pipe, configure: Configure
) -> None:
    writer = configure("json")
    logging.getLogger("waitress").info("%d", "no number")
    structlog.get_logger().info("connected")
    writer.close()
    assert [json.loads(line)["level"] for line in pipe.lines()] == ["warning", "info"]
    assert writer.dropped == 1


@pytest.mark.parametrize("text", ["", "a\\xff", "it's", 'say "hey"', "a=b"])
def test_a_text_that_could_be_mistaken_is_quoted(
    pipe: Pipe, configure: Configure, text: str
) -> None:
    writer = configure("console")
    structlog.get_logger().info("received from the client", text=text)
    writer.close()
    assert pipe.lines()[0].decode().endswith(f" text={text!r}\n")


def test_a_reader_that_stalls_holds_nobody_up_and_every_line_is_counted(
    pipe: Pipe, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "QUEUE_LENGTH", 100)
    writer = configure("json")
    emitted = 1000
    for number in range(emitted):  # far beyond the pipe and the queue; it returns all the same
        structlog.get_logger().info("connected", number=number)
    dropped = writer.dropped
    assert 0 < dropped < emitted
    written = missing = 0
    with os.fdopen(os.dup(pipe.reading), "rb") as reader:
        while written + missing < emitted:
            event = json.loads(reader.readline())["event"]
            if event == "connected":
                written += 1
            else:
                missing += int(event.split(" log lines are missing")[0])
    assert (written, missing) == (emitted - dropped, dropped)


def test_the_log_says_where_lines_are_missing(
    pipe: Pipe, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "QUEUE_LENGTH", 100)
    writer = configure("json")
    emitted = 1000
    for number in range(emitted):
        structlog.get_logger().info("connected", number=number)
    expected = 0
    with os.fdopen(os.dup(pipe.reading), "rb") as reader:
        while expected < emitted:
            line = json.loads(reader.readline())
            if line["event"] == "connected":
                assert line["number"] == expected
                expected += 1
            else:
                expected += int(line["event"].split(" log lines are missing")[0])
    assert writer.dropped > 0


def test_a_reader_that_stalls_for_good_does_not_hold_up_the_end(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "QUEUE_LENGTH", 10)
    monkeypatch.setattr(log, "FLUSH_SECONDS", 0.05)
    writer = configure("json")
    for _ in range(1000):
        structlog.get_logger().info("connected")
    began = time.monotonic()
    writer.close()
    assert time.monotonic() - began < 1


def test_a_reader_that_has_gone_is_counted_and_nothing_else(
    pipe: Pipe, configure: Configure
) -> None:
    writer = configure("json")
    pipe.close(pipe.reading)
    structlog.get_logger().info("connected")
    wait_until(lambda: writer.dropped == 1)
    writer.close()
