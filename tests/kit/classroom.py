"""A class whose clients keep talking, and a page that asks for a new snapshot each time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

from werkzeug.serving import make_server

from lanes.page.app import create_app
from lanes.replicas import Answer, merge
from lanes.snapshot import Snapshot
from server.chat.record import End, Record
from tests.kit.documents import snapshot
from tests.kit.http_get import LOOPBACK
from tests.kit.scenes import client
from tests.kit.waiting import wait_for_end

BEGUN = 30.0  # seconds since it began
ENDS: list[End] = ["lost", "idle", "unfinished", "too-long"]
PAUSE = 0.5  # seconds from one message of a client to its next


class Classroom:
    """Clients that keep talking, `failed` of which have failed; before them, short visits."""

    pause = 0.0

    def __init__(self, clients: int, *, visits: int = 0, failed: int = 0) -> None:
        self._began = time.monotonic() - BEGUN
        self._visits = visits
        self._comings = [5 + 15 * place / max(clients, 1) for place in range(clients)]
        self._failed = failed

    def ask(self) -> tuple[list[Answer], list[str]]:
        return [Answer(LOOPBACK, self.snapshot(), 0.0, within=0.001)], []

    def snapshot(self) -> Snapshot:
        now = time.monotonic() - self._began
        ends = cycle(ENDS)
        visits = [client(n, n / 50, n / 50, n / 50 + 0.01) for n in range(1, self._visits + 1)]
        stays = [
            self._stay(self._visits + place, came, now, next(ends))
            for place, came in enumerate(self._comings, 1)
        ]
        return merge([Answer(LOOPBACK, snapshot(*visits, *stays, at=now), 0.0, 0.001)])

    def _stay(self, number: int, came: float, now: float, end: End) -> Record:
        has_failed = number - self._visits <= self._failed
        left = came + 3 if has_failed else None
        messages = int(((left or now) - came) / PAUSE)
        said = [came + PAUSE * message for message in range(messages)]
        name = f"lab-client-{number}"
        return client(number, came, came, left, name=name, said=said, end=end)


@contextmanager
def page_of(classroom: Classroom) -> Iterator[str]:
    """Serve its page; yield the address."""
    server = make_server(LOOPBACK, 0, create_app(classroom), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        wait_for_end(thread)
        server.server_close()
