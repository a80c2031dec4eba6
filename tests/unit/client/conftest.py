from collections.abc import Iterator

import pytest

from client.signals import StopSignal


@pytest.fixture
def stop() -> Iterator[StopSignal]:
    with StopSignal() as stop:
        yield stop
