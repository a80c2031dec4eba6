"""What the fault tests share: how many rounds, and a tally of what became of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.tally import Tally

Rounds = Callable[[int, int], int]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds",
        choices=["short", "full"],
        default="short",
        help="how often to try: as in `make test`, or as in `make faults`",
    )
    parser.addoption("--tallies", type=Path, help="a file to add each test's tally to")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(number): the row of docs/reliability.md")
    config.addinivalue_line("markers", "alone: a bound is short: nothing else may run")


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """`rounds(short, full)`: one of the two."""
    full = pytestconfig.getoption("rounds") == "full"
    return lambda short, long: long if full else short


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    marker = request.node.get_closest_marker("promise")
    claim = request.node.name.removeprefix("test_").replace("_", " ")
    tally = Tally(marker.args[0], claim)
    yield tally
    if path := request.config.getoption("tallies"):
        tally.append_to(path)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Fail the test that has counted a violation, or nothing at all.

    One that fails otherwise, by a wait in vain for instance, has broken its promise too.
    """
    tally = pyfuncitem.funcargs.get("tally")
    try:
        result = yield
    except BaseException as error:
        if isinstance(tally, Tally):
            tally.check(False, repr(error), rounds=0)
        raise
    if isinstance(tally, Tally):
        assert tally.rounds, "nothing was counted"
        assert not tally.violations, f"{tally.violations} violations: {tally.broken}"
    return result
