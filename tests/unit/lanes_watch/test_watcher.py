"""A watcher, look by look, on servers whose clients come and leave."""

import threading
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from lanes.watch.sockets import Sockets
from tests.kit.waiting import wait_for_end, wait_until
from tests.watch.truth import running
from tests.watch.witness import Witness


class Looking(Witness):
    """A watcher that reports what it has seen of the clients."""

    def is_certain(self, client: str) -> bool:
        self.look()
        return client in self.drawn[-1].certain

    def is_alone(self) -> bool:
        self.look()
        return not len(self.records)

    def last(self) -> tuple[str, int]:
        """Return the last client and the tid of its thread, or 0."""
        found: list[Any] = []
        self.records.sessions(found.append)  # type: ignore[arg-type]
        thread = found[-1].claim.thread
        return found[-1].connection.peer, thread.tid if thread else 0


@pytest.mark.parametrize("name", ["threads", "fork", "pool of two", "one at a time", "C, threads"])
def test_a_client_that_has_left_is_remembered_with_the_thread_that_served_it(name: str) -> None:
    with running(name) as target, closing(Looking(target.pid, target.port)) as watcher:
        for _ in range(3):
            with closing(target.talk()) as client:
                client.say()
                _, tid = client.answer()
                wait_until(lambda: watcher.is_certain(client.address))
            wait_until(watcher.is_alone)
            assert watcher.last() == (client.address, tid)


def test_without_netlink_the_same_is_seen_until_the_server_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lanes.watch.watcher.Sockets", partial(Sockets, netlink=False))
    with running("threads") as target, closing(target.talk()) as client:
        client.say()
        _, tid = client.answer()
        with closing(Looking(target.pid, target.port)) as watcher:
            wait_until(lambda: watcher.is_certain(client.address))
            over = threading.Event()
            looking = threading.Thread(target=watcher.run, args=(over,), daemon=True)
            looking.start()
            target.end()
            wait_for_end(looking)
            assert watcher.last() == (client.address, tid)
            assert not len(watcher.records)
