"""`--no-skips`: a run fails if a test is skipped."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="fail if a test was skipped")


@pytest.hookimpl(trylast=True)  # after the plugins that count
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not reporter or not session.config.getoption("no_skips"):  # a worker has no reporter
        return
    if skipped := reporter.stats.get("skipped"):
        why = f"{len(skipped)} skipped, and none may be: run it as root."
        reporter.write_line(f"\n{why}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
