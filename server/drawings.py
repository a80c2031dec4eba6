"""What was drawn a moment ago, for all who look on."""

import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from time import monotonic, thread_time
from typing import NamedTuple

KEPT = 16  # drawings, at the most
SHARE = 50  # a drawing is kept for so many times what it cost: it takes 2 % of a core at the most

# Seconds that a drawing keeps the interpreter while another thread wants it. They come after every
# call that waits, so what takes many calls, as 64 new connections do, takes many times that: with
# 5 ms a health check behind those waited for up to 0.66 s, and waits for up to 0.19 s with this.
TURN = 0.001
# More where there are more threads: each that waits wakes up once a turn, so all of them together
# 20,000 times a second at the most. At 1 ms, 2,000 clients were hardly served while one drew.
TURN_PER_THREAD = 0.00005


class Drawing(NamedTuple):
    """What was drawn, when that began, and how many seconds of a core it took."""

    page: bytes
    begun: float
    cost: float


class Drawings:
    """The latest of each. One is drawn at a time: the conversations want the processor too."""

    def __init__(self) -> None:
        self._drawing = threading.Lock()  # held while drawing: who asks meanwhile may get the same
        self._drawn: dict[Hashable, Drawing] = {}  # last drawn last

    def recent(self, name: Hashable, draw: Callable[[], str], age: float) -> bytes:
        """The drawing of that name, `age` seconds old at the most, or older where it is costly."""
        asked = monotonic()
        with self._drawing:
            kept = self._drawn.get(name)
            if kept is None or kept.begun < asked - max(age, SHARE * kept.cost):
                kept = self._draw(name, draw)
            return kept.page

    def exact(self, name: Hashable, draw: Callable[[], str]) -> bytes:
        """The drawing of that name, begun after it was asked for; many who ask at once share it."""
        asked = monotonic()
        with self._drawing:
            kept = self._drawn.get(name)
            if kept is None or kept.begun < asked:
                kept = self._draw(name, draw)
            return kept.page

    def _draw(self, name: Hashable, draw: Callable[[], str]) -> Drawing:
        begun, began = monotonic(), thread_time()
        with _short_turns():
            page = draw().encode()
        self._drawn.pop(name, None)
        if len(self._drawn) >= KEPT:
            del self._drawn[next(iter(self._drawn))]
        self._drawn[name] = Drawing(page, begun, thread_time() - began)
        return self._drawn[name]


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let the other threads have the interpreter sooner; for one thread at a time."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(max(TURN, TURN_PER_THREAD * threading.active_count()))
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
