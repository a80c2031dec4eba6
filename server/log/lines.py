"""What the log looks like: one line for each record, for people or for programs.

    structlog's logger -> logging.LogRecord -> LogWriter: here its thread renders the line

Some hold a client's text. No control character and no line end leaves here as it came, so no text
can forge a line, or command the terminal that shows it.
"""

import json
import logging
import os
import re
import sys
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from server.chat.record import thread_name
from server.log.writer import LogWriter

PLAIN = re.compile(r"[\w.:/@+\[\]-]+", re.ASCII)  # what cannot be mistaken without quotes

ENCODER = json.JSONEncoder(default=repr)  # made once: `json.dumps` would make one for each line


def origin(at: float, level: str, thread: str | None) -> dict[str, object]:
    """A line's beginning: when (`at` in Unix seconds), how important, in which thread."""
    return {"time": at, "level": level, "thread": thread}


def _origin(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The same, from the standard library's record."""
    record: logging.LogRecord = event["_record"]
    return {**origin(record.created, record.levelname.lower(), record.threadName), **event}


def _render_console(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line for people. `repr` escapes every control character and invisible one."""
    at, level, thread = event.pop("time"), event.pop("level"), event.pop("thread")
    what = event.pop("event")
    mark = "" if level == "info" else f"{level}: "
    facts = "".join(f" {key}={_shown(value)}" for key, value in event.items())
    if not what.isprintable():  # a library's words, with somebody's text among them
        what = repr(what)
    clock, milliseconds = _clock(int(at)), int(at % 1 * 1000)
    return f"{clock}.{milliseconds:03} {thread:<10} {mark}{what}{facts}"


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    """The local time, which hundreds of lines in a row have in common."""
    return time.strftime("%H:%M:%S", time.localtime(second))


def _shown(value: object) -> str:
    return str(value) if PLAIN.fullmatch(str(value)) else repr(value)


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One JSON object. ASCII alone, so that no control character is left as it was."""
    event["time"] = datetime.fromtimestamp(event["time"], UTC).isoformat()
    return ENCODER.encode(event).replace("\x7f", "\\u007f")


RENDERERS: dict[str, Any] = {"console": _render_console, "json": _render_json}


def renderer(log_format: str, replica: str) -> Processor:
    """What makes a line of an event, its thread by its whole name."""
    render: Processor = RENDERERS[log_format]
    if not replica:
        return render

    def render_event(logger: WrappedLogger, method: str, event: EventDict) -> str:
        event["thread"] = thread_name(replica, event["thread"])
        return str(render(logger, method, event))

    return render_event


def configure(level: str, render: Processor, descriptor: int | None = None) -> LogWriter:
    """Send every logger's records, ours and the libraries', through one writer."""
    structlog.configure(
        processors=[
            structlog.processors.format_exc_info,  # here: the exception is this thread's
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,  # else a visit makes its own: 13 microseconds, of 290
    )
    processors: list[Processor] = [
        structlog.processors.format_exc_info,  # a library's exception travels with its record
        _origin,
        ProcessorFormatter.remove_processors_meta,
        render,
    ]
    if descriptor is None:
        descriptor = sys.stdout.fileno() if sys.stdout else os.open(os.devnull, os.O_WRONLY)
    writer = LogWriter(descriptor, ProcessorFormatter(processors=processors))
    logging.basicConfig(level=level.upper(), handlers=[writer], force=True)
    return writer
