"""The kind of a server whose threads poll, after its clients have talked for a while."""

from contextlib import ExitStack, closing

import pytest

from lanes.watch.session import Watched
from lanes.watch.target import of_pid
from tests.kit.waiting import wait_until
from tests.watch.truth import running

CLIENTS = 3
APART = 1.0  # seconds between messages: a thread that runs in between does so by itself


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("asyncio", "an event loop"),
        ("waitress", "a pool of 4"),
        ("cheroot", "a pool of 4 to 5"),  # one thread only turns clients away
        ("C, workers that share an epoll set", "a pool of 4"),
        ("C, two event loops and helpers", "an event loop"),
    ],
)
def test_threads_that_work_are_counted_and_helpers_are_not(name: str, kind: str) -> None:
    with running(name) as target, ExitStack() as crowd, Watched(of_pid(target.pid)) as watched:
        clients = [crowd.enter_context(closing(target.talk())) for _ in range(CLIENTS)]

        def model() -> str:
            for client in clients:
                client.say()
                client.answer()
            return watched.snapshot().model

        wait_until(lambda: model() == kind, pause=APART)
