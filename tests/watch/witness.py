"""A watcher that keeps its looks, with the times at which each began and ended."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

from lanes.watch.describing import describe
from lanes.watch.threads import Threads
from lanes.watch.watcher import Watcher
from tests.kit.waiting import wait_for_end


class Drawn(NamedTuple):
    """What `lanes watch` draws after a look."""

    began: float  # time.monotonic()
    ended: float
    kind: str
    certain: dict[str, int]  # client -> the thread drawn solid for it


class Witness(Watcher):
    """A watcher that keeps what is drawn after each look."""

    def __init__(self, pid: int, port: int) -> None:
        super().__init__([pid], [port])
        self.drawn: list[Drawn] = []
        self._threads = Threads(self.processes)

    def look(self) -> None:
        began = monotonic()
        super().look()
        ended = monotonic()
        seen = describe(self, self._threads, "", ())
        certain = {
            session.client: session.native_id
            for session in seen.sessions
            if session.state != "closed" and session.certain and session.native_id
        }
        self.drawn.append(Drawn(began, ended, seen.model, certain))

    def since(self, moment: float) -> list[Drawn]:
        """Return the looks that began after this moment, of the last 100."""
        return [one for one in self.drawn[-100:] if one.began > moment]


@contextmanager
def witness(pid: int, port: int) -> Iterator[Witness]:
    watcher, over = Witness(pid, port), threading.Event()
    looking = threading.Thread(target=watcher.run, args=(over,))
    looking.start()
    try:
        yield watcher
    finally:
        over.set()
        wait_for_end(looking)
        watcher.close()
