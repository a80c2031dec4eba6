"""A server that is wrong in one way fails the checks about that, and a right one fails none."""

from pathlib import Path

import pytest

from client.check.scorecard import OFFERED, Result, score
from client.check.subject import Subject
from tests.zoo.animals import RIGHT, WRONG, Animal, living

TIMEOUT = 2.0  # seconds: who is wrong is waited for that long, again and again
PATIENT = 5.0  # who is right is never waited for, but for a machine that is busy


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_server_never_fails(name: str, runs: int, tmp_path: Path) -> None:
    animal = RIGHT[name]
    with living(animal, tmp_path) as address:
        for _ in range(runs):
            with Subject.find(
                address, protocol=animal.protocol, clients=10, timeout=PATIENT
            ) as subject:
                assert _failed(list(score(subject, OFFERED[animal.protocol]))) == {}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_server_fails_what_it_has_to_fail_and_nothing_else(
    name: str, tmp_path: Path
) -> None:
    animal = WRONG[name]
    results = _checked(animal, tmp_path)
    failed = _failed(results)
    assert failed.keys() == animal.fails, failed
    assert [result.name for result in results] == [one.name for one in OFFERED[animal.protocol]]


def test_the_labs_own_server_fails_for_each_of_its_faults(tmp_path: Path) -> None:
    failed = _failed(_checked(Animal("the_labs_own.py", "handout"), tmp_path))
    # What else fails differs from run to run: two threads may give the same lock back.
    assert failed.keys() >= {"concurrent", "unblocked", "unicode", "ghosts", "many"}
    assert failed.keys().isdisjoint({"answers", "again"})


def _checked(animal: Animal, folder: Path) -> list[Result]:
    with (
        living(animal, folder) as address,
        Subject.find(address, protocol=animal.protocol, clients=10, timeout=TIMEOUT) as subject,
    ):
        return list(score(subject, OFFERED[animal.protocol]))


def _failed(results: list[Result]) -> dict[str, str]:
    """The evidence of each check that failed."""
    return {result.name: result.evidence for result in results if not result.passed}
