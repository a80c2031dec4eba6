"""Two thousand clients on one core: nobody starves, and nothing stands still."""

import pytest

from bench.contenders import allow_descriptors, ours, running
from bench.load import compile_programs, load
from bench.machine import two_cores

CROWD = ("--clients", "2000", "--warm-up", "1", "--seconds", "2")


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    allow_descriptors()
    compile_programs()


@pytest.mark.parametrize("level", ["warning", "info"])
def test_each_of_two_thousand_clients_is_answered_again_and_again(level: str) -> None:
    core, other = two_cores()
    with running(ours(level, "--log-level", level), core) as server:
        sample = load(server, CROWD, other)
    assert sample.errors == 0
    assert sample.answers > 2000
    assert sample.least_share > 0
