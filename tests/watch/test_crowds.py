"""`lanes watch` handles many threads and many connections."""

import resource
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from lanes.watch.session import Watched
from lanes.watch.target import of_pid
from tests.kit.waiting import wait_until
from tests.watch.truth import running


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Raise the limit as far as possible, for this process and its children."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.alone
@pytest.mark.parametrize(
    ("name", "clients", "how"), [("C, threads", 2_000, "direct"), ("asyncio", 10_000, "polled")]
)
@pytest.mark.usefixtures("descriptors")
def test_each_client_of_a_crowd_is_known(name: str, clients: int, how: str) -> None:
    with running(name) as target, ExitStack() as crowd, Watched(of_pid(target.pid)) as watched:
        for _ in range(clients):
            crowd.enter_context(closing(target.talk()))

        def hows() -> Counter[str]:
            sessions = watched.snapshot().sessions
            return Counter(one.how for one in sessions if one.state != "closed")

        wait_until(lambda: hows() == {how: clients}, pause=0.5)
        assert watched.snapshot().model == target.kind.shape
