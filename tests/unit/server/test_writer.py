"""Log lines go from any thread to a file descriptor and never delay the caller."""

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

from server.log import writer
from server.log.writer import QUEUE_BYTES, Counts, LogWriter
from tests.kit.pipe import Pipe
from tests.kit.waiting import SECONDS, wait_until

EMITTED = 1000  # records: far more than the pipe and the queue hold in these tests
DOTS = 50 * "."
MISSING = " log lines are missing here"
LOST = " log lines are missing at the end"
LONGEST = 8192 * r"\xff"  # an 8 KiB line that is not UTF-8, as it is logged

Start = Callable[[], LogWriter]


@pytest.fixture
def start(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a writer as a handler of the root logger: without that, `close` does nothing."""
    monkeypatch.setattr(writer, "QUEUE_BYTES", 170_000)  # about 100 records
    root, ours = logging.getLogger(), list[LogWriter]()

    def start() -> LogWriter:
        ours.append(LogWriter(pipe.writing, logging.Formatter(f"%(message)s {DOTS}")))
        root.addHandler(ours[0])
        return ours[0]

    yield start
    ours[0].close()


def emit(to: LogWriter, *numbers: object) -> None:
    for number in numbers:
        to.handle(logging.makeLogRecord({"msg": "%d", "args": (number,)}))


def queued(counts: Counts) -> int:
    return counts.emitted - counts.written - counts.dropped


def test_a_stalled_reader_delays_nobody_and_every_line_is_there_or_counted(
    pipe: Pipe, start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    to, most = start(), 0
    for number in range(EMITTED):  # `emit` returns although nobody reads
        emit(to, number)
        counts = to.counts()
        assert counts.emitted == number + 1
        assert min(*counts, queued(counts)) >= 0
        most = max(most, queued(counts))  # the last ones may have just been written
    assert most > 50
    assert 0 < counts.dropped < EMITTED
    expected = missing = 0
    with os.fdopen(os.dup(pipe.reading)) as lines:
        while expected < EMITTED:
            line = lines.readline()
            number = int(line.split()[0])
            if MISSING in line:
                missing += number
                expected += number
            else:
                assert number == expected
                expected += 1
    assert missing == counts.dropped
    wait_until(lambda: queued(to.counts()) == 0)
    assert to.counts() == Counts(EMITTED, EMITTED - counts.dropped, counts.dropped)
    to.close()
    assert capfd.readouterr().err == ""  # the log has already reported the loss


def test_a_full_queue_takes_nothing_until_half_of_it_is_written(pipe: Pipe, start: Start) -> None:
    to = start()
    to.setFormatter(logging.Formatter("%(message)s " + 4000 * "."))  # the pipe holds one line
    while not to.counts().dropped:
        emit(to, to.counts().emitted)
    wait_until(lambda: to.counts().written == 1)
    os.read(pipe.reading, 4096)
    wait_until(lambda: to.counts().written == 2)  # so there is room for one
    emit(to, "another")
    assert to.counts().dropped == 2
    with os.fdopen(os.dup(pipe.reading)) as lines:
        assert any(line.startswith(f"2{MISSING}") for line in lines)
    emit(to, to.counts().emitted)
    assert to.counts().dropped == 2


def test_a_non_blocking_pipe_gets_whole_lines(pipe: Pipe, start: Start) -> None:
    os.set_blocking(pipe.writing, False)
    to = start()
    to.setFormatter(logging.Formatter("%(message)s " + 20_000 * "."))  # more than the pipe holds
    emit(to, *range(20))
    text = b""
    while text.count(b"\n") < 20 and select([pipe.reading], [], [], SECONDS)[0]:
        text += os.read(pipe.reading, 65_536)
    assert text.decode() == "".join(f"{number} {20_000 * '.'}\n" for number in range(20))
    wait_until(lambda: to.counts() == Counts(emitted=20, written=20, dropped=0))


@pytest.mark.alone  # tracemalloc counts what any thread of the process has allocated
@pytest.mark.parametrize("text", ["", LONGEST])
def test_a_full_queue_holds_no_more_memory_than_it_may(
    pipe: Pipe, configure: Start, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.05)
    to = configure()  # nobody reads
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
        pipe.close(pipe.reading)  # ends the thread, which must not write to the next test's pipe
        wait_until(lambda: "log" not in {thread.name for thread in threading.enumerate()})
    assert 0.5 * QUEUE_BYTES < held < QUEUE_BYTES + 10 * len(LONGEST)  # plus the one being written


def test_at_the_end_a_slow_machine_gets_more_time_than_a_slow_reader(
    start: Start, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.05)
    monkeypatch.setattr(writer, "STARVED_SECONDS", SECONDS)
    to, go_on = start(), threading.Event()

    def late() -> str:
        go_on.wait(SECONDS)
        return "late"

    to.emit_lines(late, 1, 100)
    threading.Timer(0.2, go_on.set).start()  # after FLUSH_SECONDS
    to.close()
    assert (to.counts(), capfd.readouterr().err) == (Counts(emitted=1, written=1, dropped=0), "")


def test_a_reader_that_leaves_got_whole_lines_and_the_loss_is_reported(
    pipe: Pipe, start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    to = start()
    lines = 100 * [99 * "."]  # the pipe holds 40 of them and part of another
    to.emit_lines(lambda: "\n".join(lines), 100, 100)
    assert os.read(pipe.reading, 1)
    pipe.close(pipe.reading)
    wait_until(lambda: to.counts().dropped > 0)
    assert to.counts() == Counts(emitted=100, written=40, dropped=60)
    to.close()
    assert re.match(f"60{LOST}", capfd.readouterr().err)


# Logs 10,000 records; its exit code is 1 if the shutdown takes longer than five seconds.
PROGRAM = f"""
import logging, sys, time
from server.log.writer import LogWriter

logging.basicConfig(level="INFO", handlers=[LogWriter(1, logging.Formatter("%(message)s {DOTS}"))])
for number in range({10 * EMITTED}):
    logging.info("%d", number)
began = time.monotonic()
logging.shutdown()
sys.exit(time.monotonic() - began > 5)
"""


def end(stdout: int, stderr: int) -> int:
    """Run PROGRAM and return its exit code."""
    words = [sys.executable, "-c", PROGRAM]
    return subprocess.call(words, stdout=stdout, stderr=stderr, timeout=SECONDS)


def test_a_stalled_reader_does_not_delay_the_exit(
    pipe: Pipe, capfd: pytest.CaptureFixture[str]
) -> None:
    assert end(pipe.writing, 2) == 0
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    lines = [line.decode() for line in pipe.lines()]
    written = [line for line in lines if MISSING not in line]
    here = sum(int(line.split(MISSING)[0]) for line in lines if MISSING in line)
    assert len(written) + here + int(told.split(LOST)[0]) == 10 * EMITTED


def test_a_stalled_reader_of_standard_error_does_not_delay_the_exit(pipe: Pipe) -> None:
    assert end(pipe.writing, pipe.writing) == 0
    assert LOST.encode() not in b"".join(pipe.lines())


def test_a_record_that_cannot_be_rendered_is_counted_as_missing(pipe: Pipe, start: Start) -> None:
    to = start()
    emit(to, "no number", 7)
    to.close()
    missing, seven = pipe.lines()
    assert missing.startswith(b"1" + MISSING.encode())
    assert seven.startswith(b"7 ")
    assert to.counts() == Counts(emitted=2, written=1, dropped=1)
