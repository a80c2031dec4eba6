"""A server that is wrong in one way fails the checks about that, and a right one fails none."""

from pathlib import Path

import pytest

from client.address import Address
from client.check.scorecard import OFFERED, Result, score
from client.check.subject import Subject
from client.dialect import DIALECTS
from tests.unit.check.subjects import unseen
from tests.zoo.animals import RIGHT, WRONG, Animal, living

TIMEOUT = 2.0  # seconds: who is wrong is waited for that long, again and again
PATIENT = 5.0  # who is right is never waited for, but for a machine that is busy


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_server_never_fails(name: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    animal = RIGHT[name]
    with living(animal, tmp_path) as address:
        for _ in range(pytestconfig.getoption("runs")):
            assert _failed(_checked(animal, address, PATIENT)) == {}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_server_fails_what_it_has_to_fail_and_nothing_else(
    name: str, tmp_path: Path
) -> None:
    animal = WRONG[name]
    with living(animal, tmp_path) as address:
        results = _checked(animal, address, TIMEOUT)
    failed = _failed(results)
    assert failed.keys() == animal.fails, failed
    assert [result.name for result in results] == [one.name for one in OFFERED[animal.protocol]]


def test_the_labs_own_server_fails_for_each_of_its_faults(tmp_path: Path) -> None:
    animal = Animal("the_labs_own.py", "handout")
    with living(animal, tmp_path) as address:
        failed = _failed(_checked(animal, address, TIMEOUT))
    # What else fails differs from run to run: two threads may give the same lock back.
    assert failed.keys() >= {"concurrent", "unblocked", "unicode", "ghosts", "many"}
    assert failed.keys().isdisjoint({"answers", "again"})


def _checked(animal: Animal, address: Address, timeout: float) -> list[Result]:
    """What comes of all checks, as the command line has them."""
    dialect = DIALECTS[animal.protocol]
    with Subject.find(address, dialect, clients=10, many=100, timeout=timeout) as subject:
        return list(score(subject, OFFERED[animal.protocol], unseen))


def _failed(results: list[Result]) -> dict[str, str]:
    """The evidence of each check that did not pass."""
    return {result.name: result.evidence for result in results if result.verdict != "passed"}
