"""The log: one event per line, for people or for programs, written at once.

Text from the server is logged, so nothing is written raw: `repr` and JSON escape what a terminal
might obey. This is not structlog, which imports asyncio and logging: that was a third of a client's
start, and fifty clients start at once.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

PLAIN = re.compile(r"[\w.:/@+\[\]-]+", re.ASCII)  # needs no quotes

Facts = dict[str, object]


def _console_line(at: datetime, level: str, event: str, facts: Facts) -> str:
    mark = "" if level == "info" else f"{level}: "
    shown = "".join(f" {key}={_shown(value)}" for key, value in facts.items())
    return f"{at.astimezone():%H:%M:%S}.{at.microsecond // 1000:03} {mark}{event}{shown}"


def _shown(value: object) -> str:
    return str(value) if PLAIN.fullmatch(str(value)) else repr(value)


def _json_line(at: datetime, level: str, event: str, facts: Facts) -> str:
    line = json.dumps({"time": at.isoformat(), "level": level, **facts, "event": event})
    return line.replace("\x7f", "\\u007f")  # the one control character that JSON leaves as it is


Render = Callable[[datetime, str, str, Facts], str]
RENDERERS: dict[str, Render] = {"console": _console_line, "json": _json_line}


class Log:
    """Writes events to a stream; a quiet log leaves out `info`."""

    def __init__(
        self, stream: TextIO, log_format: str, *, quiet: bool = False, bound: Facts | None = None
    ) -> None:
        self._stream = stream
        self._format = log_format
        self._quiet = quiet
        self._bound = bound or {}

    def bind(self, **facts: object) -> "Log":
        """Return a log that adds these facts to every line."""
        bound = self._bound | facts
        return Log(self._stream, self._format, quiet=self._quiet, bound=bound)

    def info(self, event: str, **facts: object) -> None:
        """Report something that went as it should."""
        if not self._quiet:
            self._write("info", event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Report a problem that may still resolve itself."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Report something that went wrong."""
        self._write("error", event, facts)

    def _write(self, level: str, event: str, facts: Facts) -> None:
        render = RENDERERS[self._format]
        line = render(datetime.now(UTC), level, event, self._bound | facts)
        self._stream.write(f"{line}\n")
        self._stream.flush()
