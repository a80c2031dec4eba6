"""A log with one JSON object per line, read back."""

import json
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]


def records(log: str | bytes | Iterable[bytes]) -> list[Event]:
    """Every record, in order. A last line without an end is still being written and left out."""
    lines = log.splitlines(keepends=True) if isinstance(log, str | bytes) else log
    return [json.loads(line) for line in lines if line[-1:] in {"\n", b"\n"}]


def events(log: str | bytes | Iterable[bytes], name: str) -> list[Event]:
    """The records of this event, in order."""
    return [record for record in records(log) if record["event"] == name]
