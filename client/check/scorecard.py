"""The checks, one after the other, and what came of each."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from client.check.caller import Failed
from client.check.claim import Check
from client.check.conversations import again, answers, long, unicode
from client.check.crowds import churn, concurrent, many, unblocked
from client.check.departures import ghosts, leaves
from client.check.lines import framing, order, threads, too_long, utf8
from client.check.subject import Gone, Subject

OF_ANY = (answers, again, concurrent, unblocked, unicode, leaves, ghosts, long, many, churn)
OF_LINES = (framing, threads, too_long, utf8, order)
OFFERED: Mapping[str, Sequence[Check]] = {"handout": OF_ANY, "lines": OF_ANY + OF_LINES}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check."""

    name: str
    claim: str
    passed: bool
    evidence: str
    hint: str | None  # where it failed
    seconds: float


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What is told of a server."""

    server: str
    protocol: str
    results: Sequence[Result]

    @property
    def passed(self) -> int:
        """How many checks."""
        return sum(result.passed for result in self.results)

    @property
    def all_passed(self) -> bool:
        """Whether nothing failed."""
        return self.passed == len(self.results)


def score(subject: Subject, checks: Sequence[Check]) -> Iterator[Result]:
    """Run them, one each time that a result is asked for, and show progress on a terminal."""
    console = Console(stderr=True)
    ended_in = None  # the check in which the server ended, if it did
    for number, check in enumerate(checks, 1):
        began = time.monotonic()
        evidence, hint = "", None
        with console.status(f"{number} of {len(checks)}  {check.name}: {check.claim}"):
            try:
                evidence = check.run(subject)
            except Failed as failure:
                evidence, hint = str(failure), check.hint
                if ended_in:
                    hint = f"the server ended during `{ended_in}`: see there, and what it printed"
                elif isinstance(failure, Gone) or subject.is_gone():
                    evidence += "; then the server was gone"
                    ended_in = check.name
        seconds = time.monotonic() - began
        yield Result(check.name, check.claim, hint is None, _printable(evidence), hint, seconds)


def _printable(text: str) -> str:
    """The server is anybody's: terminals obey control characters, and XML has no place for them."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
