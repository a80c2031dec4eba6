"""A log with one JSON object per line, read back."""

import json
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]


def records(log: str | bytes | Iterable[bytes]) -> list[Event]:
    """Parse all records, in order, except a last line that is still being written."""
    lines = log.splitlines(keepends=True) if isinstance(log, str | bytes) else log
    return [json.loads(line) for line in lines if line[-1:] in {"\n", b"\n"}]


def events(log: str | bytes | Iterable[bytes], name: str) -> list[Event]:
    """Return the records of this event, in order."""
    return [record for record in records(log) if record["event"] == name]
