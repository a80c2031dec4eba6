"""The format of the log: one line for each record, for people or for programs.

    structlog's logger -> logging.LogRecord -> LogWriter: its thread renders the line here

Some lines contain a client's text. Control characters and line ends are escaped, so no text can
forge a line or control the terminal that shows it.
"""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from server.chat.record import thread_name
from server.log.writer import LogWriter

PLAIN = re.compile(r"[\w.:/@+\[\]-]+", re.ASCII)  # needs no quotes

ENCODER = json.JSONEncoder(default=repr)  # made once: `json.dumps` would make one for each line


Facts = Mapping[str, object]
# Unix seconds, level, thread, event and further facts -> a line.
Render = Callable[[float, str, str | None, str, Facts], str]


def _console(at: float, level: str, thread: str | None, what: str, facts: Facts) -> str:
    """Return a line for people. `repr` escapes control characters and invisible ones."""
    mark = "" if level == "info" else f"{level}: "
    if not what.isprintable():  # a library's message with text from outside
        what = repr(what)
    shown = "".join([f" {key}={_shown(value)}" for key, value in facts.items()])
    return f"{_clock(int(at))}.{int(at % 1 * 1000):03} {thread:<10} {mark}{what}{shown}"


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    """Return the local time, which hundreds of lines in a row have in common."""
    return time.strftime("%H:%M:%S", time.localtime(second))


def _shown(value: object) -> str:
    return str(value) if PLAIN.fullmatch(str(value)) else repr(value)


def _json(at: float, level: str, thread: str | None, what: str, facts: Facts) -> str:
    """Return a JSON object, in ASCII so that no control character is left unescaped."""
    moment = datetime.fromtimestamp(at, UTC).isoformat()
    line = {"time": moment, "level": level, "thread": thread, "event": what, **facts}
    return ENCODER.encode(line).replace("\x7f", "\\u007f")


RENDERERS: dict[str, Render] = {"console": _console, "json": _json}


def renderer(log_format: str, replica: str) -> Render:
    """Return the function that makes a line, with the thread's full name."""
    render = RENDERERS[log_format]
    if not replica:
        return render
    return lambda at, level, thread, *rest: render(
        at, level, thread_name(replica, thread or ""), *rest
    )


def _processor(render: Render) -> Processor:
    """Return structlog's last processor, which renders the standard library's record."""

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
        record: logging.LogRecord = event.pop("_record")
        del event["_from_structlog"]
        what, level = event.pop("event"), record.levelname.lower()
        return render(record.created, level, record.threadName, what, event)

    return process


def configure(level: str, render: Render, descriptor: int | None = None) -> LogWriter:
    """Send every logger's records, ours and the libraries', through one writer."""
    structlog.configure(
        processors=[
            structlog.processors.format_exc_info,  # here, in the thread of the exception
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,  # else each visit makes one: 13 of 290 microseconds
    )
    processors: list[Processor] = [
        structlog.processors.format_exc_info,  # a library's exception travels with its record
        _processor(render),
    ]
    if descriptor is None:
        descriptor = sys.stdout.fileno() if sys.stdout else os.open(os.devnull, os.O_WRONLY)
    writer = LogWriter(descriptor, ProcessorFormatter(processors=processors))
    logging.basicConfig(level=level.upper(), handlers=[writer], force=True)
    return writer
