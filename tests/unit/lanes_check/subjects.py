"""A subject for the checks: a fake server that a test scripts."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lanes.check.address import Address
from lanes.check.protocol import DIALECTS
from lanes.check.subject import Subject
from tests.kit.fake_server import Action, FakeServer
from tests.kit.waiting import SECONDS


@contextmanager
def subject(connections: list[list[Action]], *, protocol: str = "handout") -> Iterator[Subject]:
    """A fake server as a subject. Waits for its greeting only if it speaks first."""
    speaks_first = isinstance(connections[0][0], bytes)
    with pytest.MonkeyPatch.context() as patch, FakeServer(connections) as server:
        patch.setattr("lanes.check.dialer.AT_ONCE", SECONDS if speaks_first else 0)
        address, dialect = Address(*server.address), DIALECTS[protocol]
        with Subject(address, dialect, clients=2, many=2, timeout=SECONDS) as found:
            yield found
