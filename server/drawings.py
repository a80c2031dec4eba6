"""What was drawn a moment ago, for all who look on."""

import threading
from collections.abc import Callable, Hashable
from time import monotonic

FRESH = 0.2  # seconds for which a drawing is good enough
KEPT = 16  # drawings, at the most


class Drawings:
    """The latest of each. However many look on, each is drawn five times a second at the most."""

    def __init__(self) -> None:
        self._drawing = threading.Lock()  # held while drawing: who asks meanwhile gets the same
        self._drawn: dict[Hashable, tuple[float, str]] = {}

    def get(self, name: Hashable, draw: Callable[[], str]) -> str:
        """The drawing of that name, perhaps a little old."""
        with self._drawing:
            drawn_at, drawing = self._drawn.get(name, (0.0, ""))
            if not drawing or monotonic() - drawn_at > FRESH:
                if len(self._drawn) >= KEPT:
                    self._drawn.clear()
                drawing = draw()
                self._drawn[name] = monotonic(), drawing
            return drawing
