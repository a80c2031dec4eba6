"""The log: one event a line, for people or for programs, written at once.

Texts from the server come this way, so nothing is written raw: `repr` and JSON escape what a
terminal might obey.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

PLAIN = re.compile(r"[\w.:/@+\[\]-]+", re.ASCII)  # what cannot be mistaken without quotes


def _stamp(_logger: WrappedLogger, level: str, event: EventDict) -> EventDict:
    return {"time": datetime.now(UTC), "level": level, **event}


def _render_console(_logger: WrappedLogger, _level: str, event: EventDict) -> str:
    time = event.pop("time").astimezone().strftime("%H:%M:%S.%f")[:-3]
    level, what = event.pop("level"), event.pop("event")
    mark = "" if level == "info" else f"{level}: "
    facts = "".join(f" {key}={_shown(value)}" for key, value in event.items())
    return f"{time} {mark}{what}{facts}"


def _shown(value: object) -> str:
    return str(value) if PLAIN.fullmatch(str(value)) else repr(value)


def _render_json(_logger: WrappedLogger, _level: str, event: EventDict) -> str:
    event["time"] = event["time"].isoformat()
    # ASCII alone, and DEL, the one control character that JSON would leave as it is.
    return json.dumps(event).replace("\x7f", "\\u007f")


RENDERERS = {"console": _render_console, "json": _render_json}


def open_log(stream: TextIO, log_format: str, level: int = logging.INFO) -> FilteringBoundLogger:
    """Make a logger that writes events of that level or above to a stream."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[_stamp, RENDERERS[log_format]],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    ).bind()
    return logger
