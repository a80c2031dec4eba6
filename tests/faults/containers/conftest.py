"""The images as containers, as in tests/integration/."""

from tests.containers import engine, pytest_runtest_makereport
from tests.integration.conftest import network, start_client, start_server

__all__ = ["engine", "network", "pytest_runtest_makereport", "start_client", "start_server"]
