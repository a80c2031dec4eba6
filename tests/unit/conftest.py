from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.unit.running import RunningServer


@pytest.fixture
def start_server() -> Iterator[Callable[..., RunningServer]]:
    with ExitStack() as stack:

        def start(**options: object) -> RunningServer:
            server = RunningServer(**options)  # type: ignore[arg-type]  # the test names them
            stack.callback(server.stop)
            return server

        yield start
