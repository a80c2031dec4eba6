import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runs", type=int, default=1, help="how often each right server is checked")


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    count = request.config.getoption("--runs")
    assert isinstance(count, int)
    return count
