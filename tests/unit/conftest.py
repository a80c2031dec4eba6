import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import structlog
from hypothesis import settings

from tests.unit.pipe import Pipe
from tests.unit.running import RunningServer

# Nobody reads the log of a server in this process; tests that do capture it.
structlog.configure(logger_factory=structlog.ReturnLoggerFactory())


settings.register_profile("shared machine", deadline=None)  # its speed proves nothing
settings.load_profile("shared machine")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options that whoever runs the tests, or the image, has set are not the tests'."""
    for name in os.environ:
        if name.startswith("LANES_"):
            monkeypatch.delenv(name)


@pytest.fixture
def start_server() -> Iterator[Callable[..., RunningServer]]:
    with ExitStack() as stack:

        def start(**options: object) -> RunningServer:
            server = RunningServer(**options)  # type: ignore[arg-type]  # the test names them
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for end in list(pipe.open):
        pipe.close(end)
