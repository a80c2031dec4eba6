"""From any thread to a file descriptor, without ever holding the caller up."""

import logging
import os
import time
from collections.abc import Callable, Iterator

import pytest

from server import writer
from server.writer import LogWriter
from tests.unit.pipe import Pipe
from tests.unit.running import wait_until

EMITTED = 1000  # records: far more than the pipe and the queue of these tests hold
MISSING = " log lines are missing here"

Start = Callable[[], LogWriter]


@pytest.fixture
def start(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a writer, which closes only where it is one of the root logger's handlers."""
    monkeypatch.setattr(writer, "QUEUE_LENGTH", 100)
    root, ours = logging.getLogger(), list[LogWriter]()

    def start() -> LogWriter:
        ours.append(LogWriter(pipe.writing, logging.Formatter("%(message)s " + 50 * ".")))
        root.addHandler(ours[0])
        return ours[0]

    yield start
    ours[0].close()


def emit(to: LogWriter, *numbers: object) -> None:
    for number in numbers:
        to.handle(logging.makeLogRecord({"msg": "%d", "args": (number,)}))


def read(pipe: Pipe, count: int) -> Iterator[tuple[int, int]]:
    """Each line up to `count` records: its number and 1, or, where lines are missing, how many."""
    accounted = 0
    with os.fdopen(os.dup(pipe.reading)) as reader:
        while accounted < count:
            line = reader.readline()
            if MISSING in line:
                lines = int(line.split(MISSING)[0])
                accounted += lines
                yield -1, lines
            else:
                accounted += 1
                yield int(line.split()[0]), 1


def test_every_record_is_a_line_in_order(pipe: Pipe, start: Start) -> None:
    to = start()
    emit(to, *range(10))
    to.close()
    assert [int(line.split()[0]) for line in pipe.lines()] == list(range(10))
    assert to.dropped == 0


def test_a_reader_that_stalls_holds_nobody_up_and_every_line_is_counted(
    pipe: Pipe, start: Start
) -> None:
    to = start()
    emit(to, *range(EMITTED))  # nobody reads, and it returns all the same
    dropped = to.dropped
    assert 0 < dropped < EMITTED
    lines = list(read(pipe, EMITTED))
    assert sum(1 for number, _ in lines if number >= 0) == EMITTED - dropped
    assert sum(missing for number, missing in lines if number < 0) == dropped


def test_the_log_says_where_lines_are_missing(pipe: Pipe, start: Start) -> None:
    emit(start(), *range(EMITTED))
    expected = 0
    for number, records in read(pipe, EMITTED):
        assert number in (expected, -1)
        expected += records


def test_a_reader_that_stalls_for_good_does_not_hold_up_the_end(
    pipe: Pipe, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.05)
    to = start()
    emit(to, *range(EMITTED))
    began = time.monotonic()
    to.close()
    assert time.monotonic() - began < 1
    list(read(pipe, EMITTED))  # its thread still writes: not into the next test's pipe


def test_a_reader_that_has_gone_is_counted_and_nothing_else(pipe: Pipe, start: Start) -> None:
    to = start()
    pipe.close(pipe.reading)
    emit(to, 1)
    wait_until(lambda: to.dropped == 1)


def test_a_record_that_cannot_be_rendered_is_counted_and_the_next_is_written(
    pipe: Pipe, start: Start
) -> None:
    to = start()
    emit(to, "no number", 7)
    to.close()
    missing, seven = pipe.lines()
    assert missing.startswith(b"1" + MISSING.encode())
    assert seven.startswith(b"7 ")
    assert to.dropped == 1
