"""A server that is wrong in one way fails the checks about that, and a right one fails none."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from lanes.check.address import Address
from lanes.check.protocol import DIALECTS
from lanes.check.scorecard import OFFERED, Result, score
from lanes.check.subject import Secure, Subject
from tests.zoo.animals import RIGHT, WRONG, Animal, living

IN_VAIN = 0.5  # seconds to wait, again and again, for an answer that must not come
PATIENT = 5.0  # an answer that must come is never waited for, except on a busy machine
OF_MANY = 2.0  # enough to see a hundred take turns, if the turns of ten have been seen already
VISITS = 0.7  # seconds of visits to a server that is not said to slow down with each
ENDS = 0.2  # seconds for a server to end once its clients have left, if it is not said to end
TRIES = 3  # if the card says that the machine has become busier, and to try again

# On a busy machine these may seem right: bytes that are sent one by one arrive together; of threads
# that wait for one lock any may have it next; all visits are slow, not only the last; one client
# alone takes as long as the turns of several, which are short.
NEEDS_QUIET = (
    *("slower with each", "one recv per line", "lock over the conversation", "ours, lock"),
    *("lock over little work", "counts for all, lock over the work"),
)
GROUPS = 4  # half of the workers: most of each test is waiting, while the other half computes


def side_by_side(names: Collection[str]) -> list[ParameterSet]:
    """A test for each; those that need no quiet in groups, each of which is one worker's."""
    marks = [
        pytest.mark.quiet if name in NEEDS_QUIET else pytest.mark.xdist_group(f"zoo-{n % GROUPS}")
        for n, name in enumerate(names)
    ]
    return [pytest.param(name, marks=mark) for name, mark in zip(names, marks, strict=True)]


@pytest.mark.parametrize("name", side_by_side(RIGHT))
def test_a_right_server_never_fails(
    name: str, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = pytestconfig.getoption("runs")
    if runs == 1:  # `make zoo` has the time that the command line takes
        monkeypatch.setattr("lanes.check.visits.SECONDS", VISITS)
        monkeypatch.setattr("lanes.check.departures.AFTERMATH", ENDS)
        monkeypatch.setattr("lanes.check.subject.KNOCK", 0.05)
    with living(RIGHT[name], tmp_path) as where:
        for _ in range(runs):
            assert list(_misjudged(RIGHT[name], *where)) == []


@pytest.mark.parametrize("name", side_by_side(WRONG))
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
    """Try all checks, with as many clients as the command line has.

    Yield the wrong verdicts, and the first that failed if its hint is not the right one.
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
    """For how many seconds an answer is waited for."""
    if "failed" not in animal.right_verdicts(check):
        return PATIENT
    takes_turns = check == "many" and "concurrent" in animal.fails.split()
    return IN_VAIN if animal.hangs else OF_MANY if takes_turns else PATIENT
