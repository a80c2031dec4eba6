from collections.abc import Iterator

import pytest

from client.signals import StopSignal


@pytest.fixture(autouse=True)
def _signals(handlers: None) -> None:
    """Here a test signals itself, and a client that ends ignores later signals."""


@pytest.fixture
def stop() -> Iterator[StopSignal]:
    with StopSignal() as stop:
        yield stop
