"""The checks, one after the other, and the result of each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lanes.check.claim import Check
from lanes.check.conversations import again, answers, long, unicode
from lanes.check.crowds import churn, concurrent, many, unblocked
from lanes.check.departures import ghosts, leaves
from lanes.check.failure import Failed, OutOfTime, Unseen
from lanes.check.lines import framing, order, threads, too_long, utf8
from lanes.check.subject import SECONDS, Subject

OF_ANY = (answers, again, concurrent, unblocked, unicode, leaves, ghosts, long, many, churn)
OF_LINES = (framing, threads, too_long, utf8, order)
OFFERED: Mapping[str, Sequence[Check]] = {"handout": OF_ANY, "lines": OF_ANY + OF_LINES}

Verdict = Literal["passed", "failed", "not tried"]


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a check."""

    name: str
    claim: str
    verdict: Verdict
    evidence: str
    hint: str | None  # if it failed
    seconds: float


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The results for one server."""

    server: str
    protocol: str
    results: Sequence[Result]
    of: int  # checks; more than the results if it was interrupted

    @property
    def passed(self) -> int:
        """How many checks."""
        return sum(result.verdict == "passed" for result in self.results)

    @property
    def all_passed(self) -> bool:
        """Whether nothing failed, and nothing was left out."""
        return self.passed == self.of

    @property
    def failed(self) -> bool:
        """Whether any check did."""
        return any(result.verdict == "failed" for result in self.results)


def score(
    subject: Subject, checks: Sequence[Check], progress: Callable[[str], object]
) -> Iterator[Result]:
    """Run each check when its result is asked for; `progress` gets a line about it.

    If an earlier check may be the cause of a later failure, the hint says so.
    """
    cause = None
    gone = False
    for number, check in enumerate(checks, 1):
        began = time.monotonic()
        progress(f"{number} of {len(checks)}  {check.name}: {check.claim}")
        verdict, evidence, own_hint = _try(check, subject)
        hint = (cause or own_hint or check.hint) if verdict == "failed" else None
        if verdict == "failed" and check is answers:
            cause = "the same as for `answers`: look there first"
        if not gone and subject.is_gone():
            gone = True
            evidence += "; then the server was gone"
            cause = f"the server ended in `{check.name}`: look there, and at what it printed"
        seconds = time.monotonic() - began
        yield Result(check.name, check.claim, verdict, _printable(evidence), hint, seconds)


def _try(check: Check, subject: Subject) -> tuple[Verdict, str, str]:
    """The verdict, the evidence, and the hint if that is the failure's own."""
    try:
        return "passed", check.run(subject), ""
    except Failed as failure:
        return "failed", str(failure), failure.hint
    except Unseen as why:
        return "not tried", str(why), ""
    except OutOfTime:
        ran_out = f"the {SECONDS:g} s for all checks ran out: try --only {check.name}"
        return "not tried", ran_out, ""


def _printable(text: str) -> str:
    """Replace control characters: a terminal would obey them, and XML does not allow them."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
