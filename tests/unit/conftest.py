from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import structlog

from tests.kit.handlers import handlers
from tests.kit.pipe import Pipe
from tests.kit.running_server import RunningServer, StartServer

__all__ = ["handlers", "pipe", "start_server"]

# Discard the log of a server in this process; tests that need it capture it.
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    with ExitStack() as stack:

        def start(**options: object) -> RunningServer:
            server = RunningServer(**options)  # type: ignore[arg-type]  # the test names them
            stack.callback(server.end)
            return server

        yield start


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for end in list(pipe.open):
        pipe.close(end)
