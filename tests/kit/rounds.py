"""How many times a test repeats something: a few in `make test`, many in `make faults`."""

from collections.abc import Callable

import pytest

Rounds = Callable[[int, int], int]


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """Return `rounds(short, full)`, which returns one of the two."""
    full = pytestconfig.getoption("rounds") == "full"
    return lambda short, long: long if full else short
