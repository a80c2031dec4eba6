"""Takes log records from any thread and writes them in its own, without blocking the caller.

    LogWriter.emit, emit_lines -> a queue, bounded in bytes -> the thread `log`: format -> Output

A stalled reader of the output (a pipe that nobody empties) stalls only the writing thread: the
queue fills up, what no longer fits is dropped and counted, and the log says how much.
"""

import contextlib
import logging
import os
import queue
import select
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from server.log.output import Output, Piece, portions

QUEUE_BYTES = 8 * 1024 * 1024  # of waiting records: 4,600 short ones, or 240 of the longest
RECORD_BYTES = 1536  # of a record, its dictionaries and its queue entry: 700 - 1,300 measured
# Seconds that the thread writes for, at most, and that it then pauses for. When every line woke it,
# the server had 0.19 of its speed without a log; now it has half. Lines beyond that are dropped.
SPELL, PAUSE = 0.005, 0.015
AT_ONCE = 16 * 1024  # bytes to render before they are written
FLUSH_SECONDS = 0.5  # how long the program waits at its end for a slow or stalled reader
STARVED_SECONDS = 1.5  # and how much longer if the reader keeps up, so that the machine is slow


class Counts(NamedTuple):
    """Records emitted, written and dropped; the rest waits in the queue."""

    emitted: int = 0
    written: int = 0
    dropped: int = 0  # the queue was full, or writing failed


class Entry(NamedTuple):
    """Lines that wait in the queue."""

    render: Callable[[], str]
    lines: int
    size: int  # bytes
    overflowed: int  # all lines dropped before these


class LogWriter(logging.Handler):
    """Writes records to a file descriptor in its own thread."""

    def __init__(self, descriptor: int, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._output = Output(descriptor)
        # Guarded by the handler's own lock, which is held while `emit` runs.
        self._accepted = self._overflowed = 0  # records
        self._accepted_bytes = 0
        self._limit = QUEUE_BYTES  # half of that while it overflows
        # Changed only by the writing thread.
        self._written = self._unwritten = 0  # records
        self._done_bytes = 0  # of those
        self._told = 0  # how many missing records the log has reported
        self._closing = False  # set by `close`: no more pauses
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()  # None ends it
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def counts(self) -> Counts:
        """Return the counts so far; any thread may call it."""
        written, unwritten = self._written, self._unwritten  # first: none is done but not accepted
        overflowed = self._overflowed
        return Counts(self._accepted + overflowed, written, overflowed + unwritten)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, or count it as dropped."""
        self._take(partial(self.format, record), 1, _size(record))

    def emit_lines(self, render: Callable[[], str], lines: int, size: int) -> None:
        """Take that many lines, of `size` bytes in all, or count them all as dropped.

        The writing thread renders them: one text, with an LF between two lines and nowhere else.
        """
        self.acquire()
        try:
            self._take(render, lines, size)
        finally:
            self.release()

    def _take(self, render: Callable[[], str], lines: int, size: int) -> None:
        if self._closing or self._accepted_bytes - self._done_bytes + size > self._limit:
            self._overflowed += lines
            self._limit = QUEUE_BYTES // 2  # so that there is one long gap, not many short ones
            return
        self._limit = QUEUE_BYTES
        self._accepted += lines
        self._accepted_bytes += size
        self._queue.put(Entry(render, lines, size, self._overflowed))

    def _write_all(self) -> None:
        ended, until = False, time.monotonic() + SPELL
        while not (ended or self._output.abandoned):
            pieces, ended = self._next_pieces()
            for portion in portions(pieces):
                self._write(portion)
            overflowed = self._overflowed  # read first: lines dropped until now are missing here
            if empty := self._queue.empty():
                self._write(self._gap(overflowed))
            if not self._closing and (empty or time.monotonic() > until):
                time.sleep(PAUSE)
                until = time.monotonic() + SPELL

    def _next_pieces(self) -> tuple[list[Piece], bool]:
        """Render what is queued, some kilobytes at most; return it and whether it is the end."""
        pieces: list[Piece] = []
        length = 0
        while length < AT_ONCE and not (pieces and self._queue.empty()):
            entry = self._queue.get()
            if entry is None:
                return pieces + self._gap(self._overflowed), True
            pieces += self._gap(entry.overflowed)
            pieces.append(self._rendered(entry))
            length += len(pieces[-1].text)
        return pieces, False

    def _rendered(self, entry: Entry) -> Piece:
        try:
            text = f"{entry.render()}\n".encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 - a malformed record is only counted
            self._unwritten += entry.lines
            return Piece(b"", 0, entry.size)
        return Piece(text, entry.lines, entry.size)

    def _gap(self, overflowed: int) -> list[Piece]:
        """Return the line that says how many records are missing here, if any are."""
        missing = overflowed + self._unwritten - self._told
        if not missing:
            return []
        self._told += missing  # taken back if the line cannot be written
        text = f"{self.format(_missing(missing))}\n".encode(errors="backslashreplace")
        return [Piece(text, admits=missing)]

    def _write(self, pieces: Sequence[Piece]) -> None:
        """Write the pieces at once, and count the lines that were written in full."""
        written = self._output.write(b"".join([piece.text for piece in pieces]))
        for piece in pieces:
            whole = piece.text[: max(written, 0)].count(b"\n")
            written -= len(piece.text)
            if not piece.admits:
                self._written += whole
                self._unwritten += piece.lines - whole
            elif not whole:
                self._told -= piece.admits
            self._done_bytes += piece.size

    def close(self) -> None:
        """Write what is left, for half a second or, on a busy machine, two; say what was lost."""
        if self not in logging.getLogger().handlers:
            return  # closed already: the interpreter closes every handler again at exit
        logging.getLogger().removeHandler(self)
        self._closing = True
        self._queue.put(None)
        self._thread.join(FLUSH_SECONDS)
        if self._output.has_room():
            self._thread.join(STARVED_SECONDS)
        self._output.abandoned = True  # from now on it finishes at most one more write
        counts = self.counts()
        if lost := counts.emitted - counts.written - self._told:
            _tell(f"{lost} log lines are missing at the end: they could not be written\n")
        super().close()


def _size(record: logging.LogRecord) -> int:
    """Estimate the bytes of memory that a record takes, rather too many than too few."""
    if isinstance(record.msg, dict):  # ours
        return RECORD_BYTES + sum(map(sys.getsizeof, record.msg.values()))
    args = record.args.values() if isinstance(record.args, Mapping) else record.args or ()
    return RECORD_BYTES + sum(map(sys.getsizeof, (record.msg, *args)))


def _missing(lines: int) -> logging.LogRecord:
    """Return the record that stands where others are missing."""
    what = "%d log lines are missing here: they could not be written"
    return logging.LogRecord("", logging.WARNING, "", 0, what, (lines,), None)


def _tell(line: str) -> None:
    """Write a line to standard error, unless that is full or closed."""
    if sys.__stderr__ is None:
        return
    with contextlib.suppress(OSError):
        room = select.poll()
        room.register(sys.__stderr__.fileno(), select.POLLOUT)
        if room.poll(0):
            os.write(sys.__stderr__.fileno(), line.encode())
