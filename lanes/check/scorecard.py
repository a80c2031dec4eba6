"""Runs the checks one after the other, and keeps the result of each."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lanes.check.claim import Check, duration
from lanes.check.conversations import again, answers, long, unicode
from lanes.check.crowds import concurrent, many, unblocked
from lanes.check.departures import ghosts, leaves
from lanes.check.failure import Failed, Gone, HungUp, Mute, OutOfTime, Unseen
from lanes.check.lines import framing, order, threads, too_long, utf8
from lanes.check.subject import Subject
from lanes.check.survival import Survival
from lanes.check.symptoms import SHARED
from lanes.check.visits import churn

OF_ANY = (answers, again, concurrent, unblocked, unicode, leaves, ghosts, long, many, churn)
OF_LINES = (framing, threads, too_long, utf8, order)
OFFERED: Mapping[str, Sequence[Check]] = {"handout": OF_ANY, "lines": OF_ANY + OF_LINES}

ENDED = "the server exits after this: look at its last output"
STUCK = (
    "after this, no new client is served: the accept loop has exited or is blocked, or a lock is "
    "never released"
)

TURNS_AWAY = (
    "after this, the server hangs up on each new client: its limit counts clients that have left, "
    "or an exception ends each client's thread"
)

AFTERMATH = 2.0  # seconds within which a server may still exit because of an earlier check

SPREADS = {SHARED, again.hint}

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
    after: str | None = None  # the check that broke the server, so that this one was not tried


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The results for one server."""

    server: str
    protocol: str
    results: Sequence[Result]
    of: int  # the number of checks; if interrupted, more than the results

    @property
    def passed(self) -> int:
        """The number of checks that passed."""
        return sum(result.verdict == "passed" for result in self.results)

    @property
    def all_passed(self) -> bool:
        """Whether nothing failed and nothing was left out."""
        return self.passed == self.of

    @property
    def failed(self) -> bool:
        """Whether any check failed."""
        return any(result.verdict == "failed" for result in self.results)


def score(
    subject: Subject, checks: Sequence[Check], progress: Callable[[str], object]
) -> Iterator[Result]:
    """Run each check when its result is asked for; `progress` gets a line about it.

    If no new client is answered after a check, that check fails, and those after it are not tried.
    A cause in SPREADS may show in later checks, too.
    """
    shared = ""
    survival = Survival(subject)
    broken, last, before = "", "", ""
    for number, check in enumerate(checks, 1):
        if broken:
            yield Result(check.name, check.claim, "not tried", broken, None, 0.0, last)
            continue
        began = time.monotonic()
        progress(f"{number} of {len(checks)}  {check.name}: {check.claim}")
        verdict, evidence, failure = _try(check, subject)
        hint = _hint(failure, check, shared) if failure else None
        if hint in SPREADS:
            shared = f"perhaps the same as for `{check.name}`: look there first; or "
        before, last = last, check.name
        if isinstance(failure, Mute):
            broken = f"the server answers nobody: look at `{check.name}` first"
        elif trouble := survival.trouble(passed=verdict == "passed"):
            gone = isinstance(trouble, Gone)
            evidence += f"; then {trouble if gone else f'a new client: {trouble}'}"
            how = "ended" if gone else "answered no new client"
            broken = f"the server {how} after `{check.name}`: look there first"
            if gone and before and (seconds := time.monotonic() - began) < AFTERMATH:
                evidence += f"; `{before}` had ended {duration(seconds)} before"
            after = _aftermath(trouble)
            # If answers take no known time, nobody was answered before this check either.
            if failure and not failure.hint and (gone or subject.usual):
                hint = f"{after}. Perhaps: {hint}"
            verdict, hint = "failed", hint or after
        seconds = time.monotonic() - began
        yield Result(check.name, check.claim, verdict, _printable(evidence), hint, seconds)


def _aftermath(trouble: Failed) -> str:
    """Return the hint for a server that answers no new client after a check."""
    if isinstance(trouble, Gone):
        return ENDED
    return TURNS_AWAY if isinstance(trouble, HungUp) else STUCK


def _hint(failure: Failed, check: Check, shared: str) -> str:
    """Return the likely cause: an earlier check's cause may show again, unless more is known."""
    if isinstance(failure, HungUp):
        return shared + (failure.hint or check.hint)
    return failure.hint or shared + check.hint


def _try(check: Check, subject: Subject) -> tuple[Verdict, str, Failed | None]:
    """Return the verdict, the evidence, and the failure if there is one."""
    try:
        return "passed", check.run(subject), None
    except Failed as failure:
        return "failed", str(failure), failure
    except Unseen as why:
        return "not tried", str(why), None
    except OutOfTime:
        ran_out = f"the {subject.seconds:g} s for all checks ran out: try --only {check.name}"
        ran_out += ", or a longer --timeout"
        return "not tried", ran_out, None


def _printable(text: str) -> str:
    """Replace control characters: a terminal would obey them, and XML does not allow them."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
