"""The checks, one after the other, and what came of each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from client.check.claim import Check
from client.check.conversations import again, answers, long, unicode
from client.check.crowds import churn, concurrent, many, unblocked
from client.check.departures import ghosts, leaves
from client.check.failure import Failed, OutOfTime
from client.check.lines import framing, order, threads, too_long, utf8
from client.check.subject import SECONDS, Subject

OF_ANY = (answers, again, concurrent, unblocked, unicode, leaves, ghosts, long, many, churn)
OF_LINES = (framing, threads, too_long, utf8, order)
OFFERED: Mapping[str, Sequence[Check]] = {"handout": OF_ANY, "lines": OF_ANY + OF_LINES}

Verdict = Literal["passed", "failed", "not tried"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check."""

    name: str
    claim: str
    verdict: Verdict
    evidence: str
    hint: str | None  # where it failed
    seconds: float


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What is told of a server."""

    server: str
    protocol: str
    results: Sequence[Result]
    of: int  # checks; more than there are results if it was stopped

    @property
    def passed(self) -> int:
        """How many checks."""
        return sum(result.verdict == "passed" for result in self.results)

    @property
    def all_passed(self) -> bool:
        """Whether nothing failed, and nothing was left out."""
        return self.passed == self.of


def score(
    subject: Subject, checks: Sequence[Check], progress: Callable[[str], object]
) -> Iterator[Result]:
    """Run them, one each time that a result is asked for; tell `progress` which one it is.

    What came of an earlier check may be the cause of what comes of later ones; then the hint says
    so.
    """
    cause = None
    gone = False
    for number, check in enumerate(checks, 1):
        began = time.monotonic()
        progress(f"{number} of {len(checks)}  {check.name}: {check.claim}")
        verdict, evidence = _try(check, subject)
        hint = (cause or check.hint) if verdict == "failed" else None
        if verdict == "failed" and check is answers:
            cause = "the same as for `answers`: see there first"
        if not gone and subject.is_gone():
            gone = True
            evidence += "; then the server was gone"
            cause = f"the server ended in `{check.name}`: see there, and what it printed"
        seconds = time.monotonic() - began
        yield Result(check.name, check.claim, verdict, _printable(evidence), hint, seconds)


def _try(check: Check, subject: Subject) -> tuple[Verdict, str]:
    try:
        return "passed", check.run(subject)
    except Failed as failure:
        return "failed", str(failure)
    except OutOfTime:
        return "not tried", f"the {SECONDS:g} s for all checks were over: try --only {check.name}"


def _printable(text: str) -> str:
    """The server is anybody's: terminals obey control characters, and XML has no place for them."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
