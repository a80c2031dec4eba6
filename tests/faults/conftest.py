"""What the fault tests share: a tally of their rounds."""

from collections.abc import Iterator

import pytest

from tests.faults.tally import Tally


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    [promise] = request.node.get_closest_marker("promise").args
    return Tally(promise, request.node.name.removeprefix("test_").replace("_", " "))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Fail a test that has counted a violation or nothing at all; record its tally."""
    tally = pyfuncitem.funcargs["tally"]
    assert isinstance(tally, Tally)
    try:
        result = yield
    except BaseException as error:  # a wait that fails, for instance, breaks the promise too
        tally.check(False, repr(error), rounds=0)
        raise
    finally:
        if path := pyfuncitem.config.getoption("tallies"):
            tally.append_to(path)
    assert tally.rounds, "nothing was counted"
    assert not tally.violations, f"{tally.violations} violations: {tally.broken}"
    return result
