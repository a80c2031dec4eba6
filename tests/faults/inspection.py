"""Inspect the log: each line must be the server's own, without control characters."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

# The events that the server may log, and the facts of each.
FACTS = {
    "listening": {"address"},
    "bound": {"address", "status_port", "python", "gil"},
    "connected": {"peer"},
    "refused": {"peer", "reason"},
    "new connection": {"peer"},
    "received from the client": {"peer", "text"},
    "bye": {"peer", "end", "messages"},
    "draining": {"open", "grace"},
    "stopped": set[str](),
}
MISSING = re.compile(r"(\d+) log lines are missing here: they could not be written")
CONSOLE = re.compile(
    r"\d\d:\d\d:\d\d\.\d{3} (?:MainThread|Thread-\d+|log) +"
    rf"(?:(?:{'|'.join(FACTS)})(?: \w+=.*)?|warning: {MISSING.pattern})"
)
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass
class Inspection:
    lines: int = 0
    missing: int = 0  # lines that the log reports as dropped
    faults: list[str] = field(default_factory=list)

    def text(self, line: bytes) -> str:
        """Return the line without its end, which must be its only control character."""
        self.lines += 1
        rest = line.removesuffix(b"\n")
        if rest == line or CONTROL.search(rest):
            self.fault("a control character, or no line end", line)
        return rest.decode(errors="replace")

    def fault(self, what: str, line: bytes) -> None:
        self.faults.append(f"{what}: {line[:300]!r}")


def inspect_json(lines: Iterable[bytes]) -> Inspection:
    """Each line must be an ASCII object with the facts of its event: no traceback, no forgery."""
    found = Inspection()
    for line in lines:
        text = found.text(line)
        if not text.isascii():
            found.fault("not ASCII", line)
        try:
            record = json.loads(text)
        except ValueError:
            record = None
        event = record.get("event", "") if isinstance(record, dict) else ""
        if missing := MISSING.fullmatch(event):
            found.missing += int(missing[1])
        elif event not in FACTS:
            found.fault("not an event of the server's", line)
        elif record.keys() - {"error"} != FACTS[event] | {"time", "level", "thread", "event"}:
            found.fault("other facts", line)
        elif record["level"] != "info":
            found.fault("no info", line)
    return found


def inspect_console(lines: Iterable[bytes]) -> Inspection:
    """Each line must look like one of the server's, with printable characters only."""
    found = Inspection()
    for line in lines:
        text = found.text(line)
        if not text.isprintable():
            found.fault("not printable", line)
        if not (matched := CONSOLE.fullmatch(text)):
            found.fault("not the server's", line)
        elif matched[1]:
            found.missing += int(matched[1])
    return found
