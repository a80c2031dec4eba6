"""Tests of one `xdist_group` are run by one worker: they share what is slow to start.

pytest-xdist 3.8 tells groups apart by what it adds to the tests' ids, and pytest 9.2 no longer
notices (https://github.com/pytest-dev/pytest-xdist/issues/1386): so it is added here.
"""

import pytest
from _pytest.nodeid import NodeId


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("loadgroup", default=False):  # a worker has it
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark and not item.nodeid.endswith(f"@{mark.args[0]}"):
            item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")  # noqa: SLF001 - see above
