"""A server that is wrong in one way fails the checks about that, and a right one fails none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lanes.check.address import Address
from lanes.check.dialer import Secure
from lanes.check.protocol import DIALECTS
from lanes.check.scorecard import OFFERED, Result, score
from lanes.check.subject import Subject
from tests.zoo.animals import RIGHT, WRONG, Animal, living

IN_VAIN = 0.5  # seconds to wait each time for an answer that must not come
PATIENT = 5.0  # seconds for an answer that must come; only a busy machine takes that long
OF_MANY = 2.0  # seconds: enough to see a hundred take turns, after ten were seen to
VISITS = 0.7  # seconds of visits to a server that should not slow down with each
VARIED = 8.0  # the same, if visits take a random time: three of them are too few to compare
ENDS = 0.2  # seconds for a server to end after its clients have left, if it should not end
TRIES = 3  # if the scorecard says that the machine has become busier, and to try again


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_server_never_fails(
    name: str, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = pytestconfig.getoption("runs")
    if runs == 1:  # `make zoo` waits as long as the command line does
        monkeypatch.setattr("lanes.check.visits.SECONDS", VARIED if "now" in name else VISITS)
        monkeypatch.setattr("lanes.check.departures.AFTERMATH", ENDS)
        monkeypatch.setattr("lanes.check.dialer.KNOCK", 0.05)
    with living(RIGHT[name], tmp_path) as where:
        for _ in range(runs):
            assert list(_misjudged(RIGHT[name], *where)) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_server_fails_what_it_must_and_nothing_else(
    name: str, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    if WRONG[name].breaks or WRONG[name].may_fail:  # then an answer never comes
        monkeypatch.setattr("lanes.check.survival.RECOVERS", IN_VAIN)
    if "churn" not in WRONG[name].fails.split():
        monkeypatch.setattr("lanes.check.visits.SECONDS", VISITS)
    if "leaves" not in WRONG[name].fails.split():
        monkeypatch.setattr("lanes.check.departures.AFTERMATH", ENDS)
    for _ in range(pytestconfig.getoption("runs")):  # each time a new one: the last may be broken
        for _ in range(TRIES):
            with living(WRONG[name], tmp_path) as where:
                misjudged = list(_misjudged(WRONG[name], *where))
            if not any("become busier" in one.evidence for one in misjudged):
                break
        assert misjudged == []


def _misjudged(animal: Animal, address: Address, secure: Secure | None) -> Iterator[Result]:
    """Run all checks, with as many clients as the command line uses.

    Yield the wrong verdicts, and the first failure if its hint is wrong.
    """
    hint = animal.hint
    checks, dialect = OFFERED[animal.protocol], DIALECTS[animal.protocol]
    subject = Subject(address, dialect, clients=10, many=100, timeout=PATIENT, secure=secure)
    with subject:
        results = score(subject, checks, print)
        for check in checks:
            right = animal.right_verdicts(check.name)
            subject.patience.timeout = _patience(animal, check.name)
            result = next(results)
            if result.verdict not in right or (result.hint and hint not in {"", result.hint}):
                yield result
            hint = "" if result.hint else hint


def _patience(animal: Animal, check: str) -> float:
    """Return for how many seconds to wait for an answer."""
    if "failed" not in animal.right_verdicts(check):
        return PATIENT
    takes_turns = check == "many" and "concurrent" in animal.fails.split()
    return IN_VAIN if animal.hangs else OF_MANY if takes_turns else PATIENT
