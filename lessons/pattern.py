"""Compares a command's output with the lesson, and picks out the lines that are worth showing.

In a pattern, `...` or `+++` alone on a line stands for any number of lines: `...` hides them, `+++`
shows them. Within a line, `...` stands for any text. The number of blanks between two words does
not count, because a column is as wide as its longest name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

ANYTHING = "..."
ANYTHING_SHOWN = "+++"


@dataclass(frozen=True)
class Piece:
    """The lines of output that match one line of the pattern."""

    lines: tuple[str, ...]
    shown: bool
    pattern: str


def difference(expected: Sequence[str], output: str) -> str | None:
    """Describe the first line that is not as expected; None if there is none."""
    lines = output.splitlines()
    steps = _reached(expected, lines)
    reached = steps[-1]
    if len(steps) <= len(expected):
        missed = expected[len(steps) - 1]
    elif len(lines) not in reached:
        missed = "the end"
    else:
        return None
    return f"expected: {missed}\ngot:      {_came(lines, reached)}"


def pieces(expected: Sequence[str], output: str) -> list[Piece] | None:
    """Split the output by the lines of the pattern; None if it does not match."""
    lines = output.splitlines()
    steps = _reached(expected, lines)
    end = len(lines)
    if len(steps) <= len(expected) or end not in steps[-1]:
        return None
    found = []
    for line, before in zip(reversed(expected), reversed(steps[:-1]), strict=True):
        # Match as few lines as possible.
        begin = max(at for at in before if at <= end) if _any(line) else end - 1
        found.append(Piece(tuple(lines[begin:end]), line.strip() != ANYTHING, line))
        end = begin
    return found[::-1]


def _reached(expected: Sequence[str], lines: Sequence[str]) -> list[set[int]]:
    """Return how many lines of output the first 0, 1, 2, ... expected lines can match.

    The list ends before the first expected line that matches nothing.
    """
    steps = [{0}]
    for line in expected:
        if _any(line):
            further = set(range(min(steps[-1]), len(lines) + 1))
        else:
            further = {at + 1 for at in steps[-1] if at < len(lines) and _like(line, lines[at])}
        if not further:
            break
        steps.append(further)
    return steps


def _any(line: str) -> bool:
    return line.strip() in {ANYTHING, ANYTHING_SHOWN}


def _came(lines: list[str], reached: set[int]) -> str:
    """Describe what was found in place of an expected line."""
    first = min(reached)
    if first == len(lines):
        return "the end"
    if len(reached) == 1:
        return lines[first]
    return f"no such line, from line {first + 1} on: {lines[first]}"


def _like(expected: str, line: str) -> bool:
    parts = (re.escape(part) for part in _words(expected).split(ANYTHING))
    return re.fullmatch(".*".join(parts), _words(line)) is not None


def _words(line: str) -> str:
    return " ".join(line.split())
