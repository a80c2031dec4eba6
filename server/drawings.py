"""What was drawn a moment ago, for all who look on."""

import threading
from collections.abc import Callable, Hashable
from time import monotonic

KEPT = 16  # drawings, at the most


class Drawings:
    """The latest of each. One is drawn at a time: the conversations want the processor too."""

    def __init__(self) -> None:
        self._drawing = threading.Lock()  # held while drawing: who asks meanwhile may get the same
        self._drawn: dict[Hashable, tuple[float, bytes]] = {}

    def get(self, name: Hashable, draw: Callable[[], str], age: float) -> bytes:
        """The drawing of that name, begun at most `age` seconds before it was asked for.

        With an age of 0 nobody is told less than what was so when they asked, and still many who
        ask at once share a drawing.
        """
        asked = monotonic()
        with self._drawing:
            begun, drawing = self._drawn.get(name, (0.0, b""))
            if not drawing or begun < asked - age:
                if len(self._drawn) >= KEPT:
                    self._drawn.clear()
                begun = monotonic()
                drawing = draw().encode()
                self._drawn[name] = begun, drawing
            return drawing
