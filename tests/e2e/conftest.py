from tests.containers import engine, environment, pytest_runtest_makereport
from tests.e2e.lab import lab

__all__ = ["engine", "environment", "lab", "pytest_runtest_makereport"]
