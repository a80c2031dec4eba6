"""A person at a terminal: what they type, and what they see."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

from client.signals import StopSignal
from client.terminal import Terminal


@contextmanager
def typing(keys: bytes, stop: StopSignal) -> Iterator[tuple[Terminal, io.StringIO]]:
    """Yield a terminal at which a person types these keys and then leaves, and its screen."""
    source, keyboard = os.pipe()
    os.write(keyboard, keys)
    os.close(keyboard)
    screen = io.StringIO()
    yield Terminal(source, screen, stop), screen
    os.close(source)
