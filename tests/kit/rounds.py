"""How often something is tried: a few times in `make test`, many times in `make faults`."""

from collections.abc import Callable

import pytest

Rounds = Callable[[int, int], int]


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """`rounds(short, full)`: one of the two."""
    full = pytestconfig.getoption("rounds") == "full"
    return lambda short, long: long if full else short
