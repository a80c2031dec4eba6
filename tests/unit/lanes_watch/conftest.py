"""A process that the test controls, and the watcher's view of it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from lanes.watch.processes import Processes
from tests.kit.puppet import Puppet


@pytest.fixture
def puppet() -> Iterator[Puppet]:
    with Puppet() as puppet:
        puppet.do("")  # wait until it is up
        yield puppet


@pytest.fixture
def processes(puppet: Puppet) -> Iterator[Processes]:
    with closing(Processes([puppet.pid])) as processes:
        yield processes
