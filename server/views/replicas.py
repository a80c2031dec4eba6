"""What to call several servers, in which order, and what to make of their clocks.

Each has counted its threads and its sessions from 1, and by its own clock. So each is told from
the others by its name, and where two have the same (a server and the one that takes its place), or
have none, by its address too.
"""

import re
from collections import Counter
from collections.abc import Sequence

from server.status import Answer


def labels(answers: Sequence[Answer], names: Sequence[str]) -> list[str]:
    """What to call each server: so that no two are called the same."""
    known = Counter(names)
    return [
        (name if known[name] == 1 else f"{name}@{answer.host}") if name else answer.host
        for answer, name in zip(answers, names, strict=True)
    ]


def in_order(label: str) -> list[tuple[str, int]]:
    """By what labels are sorted: server-9 before server-10."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d*)", label)]


def clock(answer: Answer) -> str:
    """How far a server's clock is ahead of ours, and how sure that is."""
    return f"clock {answer.ahead:+.3f} s from here (\N{PLUS-MINUS SIGN}{answer.within:.3f})"


def correction(answer: Answer) -> float:
    """The seconds to add to its times."""
    return -answer.ahead if abs(answer.ahead) > answer.within else 0.0
