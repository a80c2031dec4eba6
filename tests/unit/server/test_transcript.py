"""What the clients say, in the log."""

import json
import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from server import log
from server.protocol import Malformed
from server.transcript import Transcript
from server.writer import QUEUE_BYTES, RECORD_BYTES, Counts, LogWriter
from tests.kit.pipe import Pipe
from tests.kit.waiting import wait_until

PEER = "127.0.0.1:5555"


@pytest.fixture
def writer(pipe: Pipe) -> Iterator[LogWriter]:
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # pytest's own: `configure` would close them
    writer = log.configure("info", log.renderer("json", ""), pipe.writing)
    yield writer
    writer.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)


def noted(writer: LogWriter, pipe: Pipe, log_format: str, *messages: str | Malformed) -> list[str]:
    """The lines of a thread named Thread-7 whose peer has said this."""
    transcript = Transcript(writer, log.renderer(log_format, ""))
    thread = threading.Thread(target=transcript.note, args=(PEER, messages), name="Thread-7")
    thread.start()
    thread.join()
    wait_until(lambda: writer.counts().written == len(messages))
    writer.close()
    return [line.decode().rstrip("\n") for line in pipe.lines()]


def test_each_message_is_a_line_with_its_thread_and_peer(writer: LogWriter, pipe: Pipe) -> None:
    lines = [json.loads(line) for line in noted(writer, pipe, "json", "Hey", "", "Grüße")]
    assert [line.pop("text") for line in lines] == ["Hey", "", "Grüße"]
    assert lines[0]["time"] == lines[2]["time"]
    del lines[0]["time"]
    event = {"level": "info", "thread": "Thread-7", "event": "received from the client"}
    assert lines[0] == event | {"peer": PEER}


def test_for_people_it_is_the_line_that_a_logger_would_have_written(
    writer: LogWriter, pipe: Pipe
) -> None:
    [line] = noted(writer, pipe, "console", "Hey Server")
    _, _, rest = line.partition(" ")
    assert rest == f"Thread-7   received from the client peer={PEER} text='Hey Server'"


def test_what_could_not_be_answered_is_told_with_the_reason(writer: LogWriter, pipe: Pipe) -> None:
    [line] = noted(writer, pipe, "json", Malformed("utf8", "\\xff"))
    assert {"text": "\\xff", "error": "utf8"}.items() <= json.loads(line).items()


def test_no_message_can_forge_a_line(writer: LogWriter, pipe: Pipe) -> None:
    [line] = noted(writer, pipe, "console", "Hey\n00:00:00.000 MainThread stopped\x1b[2J")
    assert line.isprintable()


def test_messages_that_do_not_fit_are_all_counted_as_dropped(writer: LogWriter) -> None:
    transcript = Transcript(writer, log.RENDERERS["json"])
    too_many = ["Hey"] * (QUEUE_BYTES // RECORD_BYTES + 1)
    transcript.note(PEER, too_many)
    assert writer.counts() == Counts(emitted=len(too_many), written=0, dropped=len(too_many))
