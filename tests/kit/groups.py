"""One worker runs all tests of an `xdist_group`, because they share something slow to start.

pytest-xdist 3.8 appends the group to a test's id, but pytest 9.2 ignores that
(https://github.com/pytest-dev/pytest-xdist/issues/1386). So this plugin appends it.
"""

import pytest
from _pytest.nodeid import NodeId


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("loadgroup", default=False):  # only workers have this option
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark and not item.nodeid.endswith(f"@{mark.args[0]}"):
            item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")  # noqa: SLF001 - see above
