import logging
import ssl
from collections.abc import Callable, Iterator

import pytest
import structlog

from server.chat.certificates import Certificates
from server.log import lines
from server.log.writer import LogWriter
from tests.kit.certificates import Authority, Pair
from tests.kit.peer import Peer
from tests.kit.pipe import Pipe
from tests.kit.running_server import RunningServer, StartServer

Configure = Callable[..., LogWriter]


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    return start_server()


@pytest.fixture
def peer(server: RunningServer) -> Peer:
    """The first client of the server, already greeted."""
    return server.greeted()


@pytest.fixture(scope="session")
def context(ca: Authority) -> ssl.SSLContext:
    """The context of a server that asks every client for a certificate."""
    return Certificates(*ca.issue("localhost"), ca.certificate).context


@pytest.fixture(scope="session")
def shown(ca: Authority) -> Pair:
    """The certificate of a trusted client."""
    return ca.issue("client-1", common=True)


@pytest.fixture
def trusting(ca: Authority, shown: Pair) -> ssl.SSLContext:
    """The context of a trusted client."""
    return ca.trusting(shown)


@pytest.fixture
def configure(pipe: Pipe) -> Iterator[Configure]:
    """Makes every logger write to the pipe; puts pytest's own handlers back at the end."""
    root = logging.getLogger()
    handlers, level, settings = root.handlers[:], root.level, structlog.get_config()
    root.handlers.clear()  # otherwise `lines.configure` would close them

    def configure(log_format: str = "json", level: str = "info", replica: str = "") -> LogWriter:
        return lines.configure(level, lines.renderer(log_format, replica), pipe.writing)

    yield configure
    for ours in root.handlers:
        ours.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)
