"""From any thread to a file descriptor, without ever holding the caller up."""

import logging
import os
import re
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from select import select

import pytest
import structlog

from server import log, writer
from server.writer import QUEUE_BYTES, Counts, LogWriter
from tests.kit.pipe import Pipe
from tests.kit.waiting import SECONDS, wait_until

EMITTED = 1000  # records: far more than the pipe and the queue of these tests hold
MISSING = " log lines are missing here"
LOST = " log lines are missing at the end"
LONGEST = 8192 * r"\xff"  # what a line of 8 KiB becomes that is not UTF-8
# So many records by a program of its own, which says how long its end took, in seconds.
PROGRAM = f"""
import logging, sys, time
from server.writer import LogWriter

ours = LogWriter(1, logging.Formatter("%(message)s " + 50 * "."))
logging.basicConfig(level="INFO", handlers=[ours])
for number in range({10 * EMITTED}):
    logging.info("%d", number)
began = time.monotonic()
ours.close()
sys.exit(time.monotonic() - began > 5)
"""

Start = Callable[[], LogWriter]


@pytest.fixture
def start(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a writer, which closes only where it is one of the root logger's handlers."""
    monkeypatch.setattr(writer, "QUEUE_BYTES", 170_000)  # about 100 records
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
    assert to.counts() == Counts(emitted=10, written=10, dropped=0)


def test_a_reader_that_stalls_holds_nobody_up_and_every_line_is_counted(
    pipe: Pipe, start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    to = start()
    emit(to, *range(EMITTED))  # nobody reads, and it returns all the same
    dropped = to.counts().dropped
    assert 0 < dropped < EMITTED
    lines = list(read(pipe, EMITTED))
    assert sum(1 for number, _ in lines if number >= 0) == EMITTED - dropped
    assert sum(missing for number, missing in lines if number < 0) == dropped
    to.close()
    assert capfd.readouterr().err == ""  # what the log has admitted is not told again


def test_the_log_says_where_lines_are_missing(pipe: Pipe, start: Start) -> None:
    emit(start(), *range(EMITTED))
    expected = 0
    for number, records in read(pipe, EMITTED):
        assert number in (expected, -1)
        expected += records


def queued(counts: Counts) -> int:
    return counts.emitted - counts.written - counts.dropped


def test_what_is_emitted_is_written_dropped_or_queued_at_any_time(pipe: Pipe, start: Start) -> None:
    to, most = start(), 0
    for number in range(EMITTED):
        emit(to, number)
        counts = to.counts()
        assert counts.emitted == number + 1
        assert min(counts) >= 0
        assert queued(counts) >= 0
        most = max(most, queued(counts))  # at the very end some may just have been written
    assert most > 50
    list(read(pipe, EMITTED))
    wait_until(lambda: queued(to.counts()) == 0)
    assert to.counts() == Counts(EMITTED, EMITTED - counts.dropped, counts.dropped)


def test_a_pipe_that_does_not_block_gets_whole_lines(pipe: Pipe, start: Start) -> None:
    os.set_blocking(pipe.writing, False)
    to = start()
    to.setFormatter(logging.Formatter("%(message)s " + 20_000 * "."))  # more than the pipe holds
    emit(to, *range(20))
    text = b""
    while text.count(b"\n") < 20 and select([pipe.reading], [], [], SECONDS)[0]:
        text += os.read(pipe.reading, 65_536)
    assert text.decode() == "".join(f"{number} {20_000 * '.'}\n" for number in range(20))
    wait_until(lambda: to.counts() == Counts(emitted=20, written=20, dropped=0))


@pytest.mark.parametrize("text", ["", LONGEST])
def test_a_full_queue_holds_no_more_memory_than_it_may(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    root, settings = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()  # pytest's own: `configure` would close them
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.05)
    to = log.configure("info", log.renderer("json", ""), pipe.writing)  # nobody reads
    session = structlog.get_logger().bind(peer="127.0.0.1:1")
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(10 * EMITTED):
            session.info("received from the client", text=f"{text}{number}")
            if to.counts().dropped:
                break
        held = tracemalloc.get_traced_memory()[0] - before
        assert to.counts().dropped == 1
    finally:
        tracemalloc.stop()
        to.close()
        pipe.close(pipe.reading)  # its thread ends: it does not write into the next test's pipe
        wait_until(lambda: "log" not in {thread.name for thread in threading.enumerate()})
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**settings)
    assert 0.5 * QUEUE_BYTES < held < QUEUE_BYTES + 10 * len(LONGEST)  # besides, one is written


def test_lines_that_come_together_are_counted_one_by_one(start: Start, pipe: Pipe) -> None:
    to = start()
    to.emit_lines(lambda: "one\ntwo\nthree", 3, 100)
    wait_until(lambda: to.counts() == Counts(emitted=3, written=3, dropped=0))
    assert os.read(pipe.reading, 1000) == b"one\ntwo\nthree\n"


def test_where_the_reader_goes_in_the_middle_of_them_only_whole_lines_were_written(
    start: Start, pipe: Pipe
) -> None:
    to = start()
    lines = 100 * [99 * "."]  # of which the pipe holds 40, and a part of one more
    to.emit_lines(lambda: "\n".join(lines), 100, 100)
    assert os.read(pipe.reading, 1)
    pipe.close(pipe.reading)
    wait_until(lambda: to.counts().dropped > 0)
    assert to.counts() == Counts(emitted=100, written=40, dropped=60)


def test_lines_that_do_not_fit_are_not_even_rendered(start: Start) -> None:
    to = start()
    to.emit_lines(lambda: pytest.fail("it was rendered"), 7, writer.QUEUE_BYTES + 1)
    emit(to, 1)
    wait_until(lambda: to.counts() == Counts(emitted=8, written=1, dropped=7))


def end(stdout: int, stderr: int) -> int:
    """The exit code of PROGRAM."""
    program = [sys.executable, "-c", PROGRAM]
    return subprocess.run(program, stdout=stdout, stderr=stderr, check=False, timeout=30).returncode


def test_a_reader_that_stalls_for_good_holds_up_no_end_and_what_it_loses_is_told(
    pipe: Pipe, capfd: pytest.CaptureFixture[str]
) -> None:
    assert end(pipe.writing, 2) == 0
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    lines = [line.decode() for line in pipe.lines()]
    written = [line for line in lines if MISSING not in line]
    here = sum(int(line.split(MISSING)[0]) for line in lines if MISSING in line)
    assert len(written) + here + int(told.split(LOST)[0]) == 10 * EMITTED


def test_nor_does_one_that_reads_standard_error_neither(pipe: Pipe) -> None:
    assert end(pipe.writing, pipe.writing) == 0
    assert LOST.encode() not in b"".join(pipe.lines())


def test_what_a_reader_that_has_gone_did_not_get_is_told_at_the_end(
    pipe: Pipe, start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    to = start()
    pipe.close(pipe.reading)
    emit(to, *range(7))
    to.close()
    assert re.match(f"7{LOST}", capfd.readouterr().err)


def test_a_reader_that_has_gone_is_counted_and_nothing_else(pipe: Pipe, start: Start) -> None:
    to = start()
    pipe.close(pipe.reading)
    emit(to, 1)
    wait_until(lambda: to.counts() == Counts(emitted=1, written=0, dropped=1))


def test_a_record_that_cannot_be_rendered_is_counted_and_the_next_is_written(
    pipe: Pipe, start: Start
) -> None:
    to = start()
    emit(to, "no number", 7)
    to.close()
    missing, seven = pipe.lines()
    assert missing.startswith(b"1" + MISSING.encode())
    assert seven.startswith(b"7 ")
    assert to.counts() == Counts(emitted=2, written=1, dropped=1)
