"""The log: from any thread onto standard output, without ever holding the caller up.

    structlog's logger -> logging.LogRecord -> LogWriter's queue -> its thread: render, write

A reader of our output that stalls (a pipe that nobody empties) stalls the writing thread alone:
the queue fills, what no longer fits is dropped and counted, and the count is written down.
"""

import contextlib
import json
import logging
import os
import queue
import re
import sys
import threading
import time
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

QUEUE_LENGTH = 2_000  # records; the longest, of 8 KiB that are not UTF-8, take 32 KiB
PLAIN = re.compile(r"[\w.:/@+\[\]-]+", re.ASCII)  # what cannot be mistaken without quotes
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


def _origin(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """When, how important and in which thread, from the standard library's record."""
    record: logging.LogRecord = event["_record"]
    return {
        "time": datetime.fromtimestamp(record.created, UTC),
        "level": record.levelname.lower(),
        "thread": record.threadName,
        **event,
    }


def _render_console(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line for people. `repr` escapes every control character and invisible one."""
    clock = event.pop("time").astimezone().strftime("%H:%M:%S.%f")[:-3]
    level, thread, what = event.pop("level"), event.pop("thread"), event.pop("event")
    mark = "" if level == "info" else f"{level}: "
    facts = "".join(f" {key}={_shown(value)}" for key, value in event.items())
    if not what.isprintable():  # a library's words, with somebody's text among them
        what = repr(what)
    return f"{clock} {thread:<10} {mark}{what}{facts}"


def _shown(value: object) -> str:
    return str(value) if PLAIN.fullmatch(str(value)) else repr(value)


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One JSON object. ASCII alone, so that no control character is left as it was."""
    event["time"] = event["time"].isoformat()
    return json.dumps(event, default=repr).replace("\x7f", "\\u007f")


RENDERERS: dict[str, Any] = {"console": _render_console, "json": _render_json}


def configure(level: str, log_format: str, descriptor: int | None = None) -> LogWriter:
    """Send every logger's records, ours and the libraries', through one writer."""
    structlog.configure(
        processors=[
            structlog.processors.format_exc_info,  # here: the exception is this thread's
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    render: list[Processor] = [
        structlog.processors.format_exc_info,  # a library's exception travels with its record
        _origin,
        ProcessorFormatter.remove_processors_meta,
        RENDERERS[log_format],
    ]
    if descriptor is None:
        descriptor = sys.stdout.fileno() if sys.stdout else os.open(os.devnull, os.O_WRONLY)
    writer = LogWriter(descriptor, ProcessorFormatter(processors=render))
    logging.basicConfig(level=level.upper(), handlers=[writer], force=True)
    return writer
