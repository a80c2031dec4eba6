"""The card for a server that is not there: one failed check, which says why."""

from collections.abc import Sequence

from lanes.check.dialer import Unreachable
from lanes.check.scorecard import Result, Scorecard

NAME = "listens"
CLAIM = "A server listens at its address, and takes connections."
SILENT = (
    "it is not running, listens on another port, or on an address that is not reached from here; "
    "or it waits for something before it listens"
)


def absent(server: str, protocol: str, nobody: Unreachable, printed: Sequence[str]) -> Scorecard:
    """Return the card; `printed` has the program's last lines, if there are any."""
    evidence, hint = str(nobody), nobody.hint or SILENT
    if printed:
        stop = "" if evidence[-1:] in ".?" else "."
        evidence = "\n".join([f"{evidence}{stop} It printed last:", *printed])
        hint = nobody.hint or f"what it printed last: {printed[-1].rstrip('.')}"
    return Scorecard(server, protocol, [Result(NAME, CLAIM, "failed", evidence, hint, 0.0)], of=1)


def is_absent(card: Scorecard) -> bool:
    """Whether this is the card for a server that is not there."""
    return [result.name for result in card.results] == [NAME]
