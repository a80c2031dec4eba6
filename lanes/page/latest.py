"""The servers' latest answers and their drawings, shared by all viewers."""

import threading
from collections.abc import Callable, Hashable
from time import monotonic

from lanes.ask import NoAnswer, Source
from lanes.replicas import Answer, labels, merge

FRESH = 0.2  # seconds that an answer is kept at least: at most five requests a second


class View:
    """The answers of all servers at one time, and their drawings, each made once."""

    def __init__(self, answers: list[Answer], missing: list[str]) -> None:
        self.snapshot = merge(answers, missing)
        self.servers = dict(zip(labels(answers), (one.snapshot for one in answers), strict=True))
        self._drawing = threading.Lock()
        self._drawn: dict[Hashable, bytes] = {}

    def drawing(self, name: Hashable, draw: Callable[[], str]) -> bytes:
        """Return the drawing of that name; viewers who ask while it is made wait for it."""
        with self._drawing:
            if name not in self._drawn:
                self._drawn[name] = draw().encode()
            return self._drawn[name]


class Latest:
    """Asks the servers once for all viewers: one viewer's thread asks, the others wait for it."""

    def __init__(self, servers: Source) -> None:
        self._servers = servers
        self._asking = threading.Lock()
        self._result: View | NoAnswer = NoAnswer("")
        self._stale_at = 0.0

    def get(self) -> View:
        """Return the servers' answers, at most a moment old. Raises NoAnswer."""
        with self._asking:
            if monotonic() >= self._stale_at:
                try:
                    self._result = View(*self._servers.ask())
                except NoAnswer as error:
                    self._result = error
                self._stale_at = monotonic() + max(FRESH, self._servers.pause)
            if isinstance(self._result, NoAnswer):
                raise self._result.with_traceback(None)
            return self._result
