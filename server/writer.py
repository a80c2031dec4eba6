"""Takes log records from any thread and writes them from its own, never holding the caller up.

    LogWriter.emit -> a bounded queue -> the thread `log`: format, write

A reader of our output that stalls (a pipe that nobody empties) stalls the writing thread alone:
the queue fills, what no longer fits is dropped and counted, and the count is written down.
"""

import contextlib
import logging
import os
import queue
import threading
import time

QUEUE_LENGTH = 2_000  # records; the longest, of 8 KiB that are not UTF-8, take 32 KiB
FLUSH_SECONDS = 1.0  # what the end of the program waits for a reader that stalls


class LogWriter(logging.Handler):
    """Writes records to a file descriptor from a thread of its own."""

    def __init__(self, descriptor: int, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._descriptor = descriptor
        self._overflowed = 0  # guarded by the handler's own lock, which `emit` is called under
        self._unwritten = 0  # the writing thread's alone
        # Each record with how many had not fitted by then; None ends it.
        self._records: queue.Queue[tuple[logging.LogRecord | None, int]] = queue.Queue(QUEUE_LENGTH)
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """How many records were not written: the queue was full, or the writing failed."""
        return self._overflowed + self._unwritten

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, or count it as dropped."""
        try:
            self._records.put_nowait((record, self._overflowed))
        except queue.Full:
            self._overflowed += 1

    def _write_all(self) -> None:
        told = 0  # how many missing records the log itself has admitted
        while True:
            record, overflowed = self._records.get()
            told = self._admit(overflowed, told)
            if record is None:
                return
            if not self._write(record):
                self._unwritten += 1
            overflowed = self._overflowed  # read first: what did not fit by now is behind us
            if self._records.empty():
                told = self._admit(overflowed, told)

    def _admit(self, overflowed: int, told: int) -> int:
        """Write how many records are missing here, if any are; return how many are admitted."""
        missing = overflowed + self._unwritten
        return missing if missing > told and self._write(_gap(missing - told)) else told

    def _write(self, record: logging.LogRecord) -> bool:
        # Not sys.stdout: a thread that stalls inside its lock would hang the interpreter's exit.
        try:
            rest = f"{self.format(record)}\n".encode(errors="backslashreplace")
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except Exception:  # noqa: BLE001 - the reader has gone, or a library's record is malformed:
            return False  # it is counted, and the server serves on
        return True

    def close(self) -> None:
        """Write what is left, as far as a second is enough for it."""
        if self not in logging.getLogger().handlers:
            return  # closed before: the interpreter's exit closes every handler once more
        logging.getLogger().removeHandler(self)
        deadline = time.monotonic() + FLUSH_SECONDS
        with contextlib.suppress(queue.Full):  # nobody reads: the queue is lost with the process
            self._records.put((None, self._overflowed), timeout=FLUSH_SECONDS)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        super().close()


def _gap(lines: int) -> logging.LogRecord:
    """The record that stands where others are missing."""
    return logging.makeLogRecord(
        {
            "levelno": logging.WARNING,
            "levelname": "WARNING",
            "msg": "%d log lines are missing here: they could not be written",
            "args": (lines,),
        }
    )
