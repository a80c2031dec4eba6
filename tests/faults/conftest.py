"""What the fault tests share: a tally of what became of their rounds."""

from collections.abc import Iterator

import pytest

from tests.faults.tally import Tally


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
