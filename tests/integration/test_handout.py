"""The original lab's own client against the server's image under `--protocol handout`."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.kit.handout_client import chat
from tests.kit.images import Server
from tests.kit.waiting import SECONDS, wait_until

SAID = "Received from the server : Today we will learn about Multithreading with Socket programming"


def test_two_of_the_labs_own_clients_are_served_at_once_by_two_threads(
    start_server: Callable[..., Server],
) -> None:
    server = start_server("--protocol", "handout")
    host, port = server.address
    both_answered = Barrier(2, timeout=SECONDS)

    def answers() -> Iterator[str]:
        for answer in "yn":
            yield answer
            both_answered.wait()  # and neither has left

    with ThreadPoolExecutor(2) as people:
        printed = [people.submit(chat, f"{host}:{port}", answers()) for _ in range(2)]
        assert [talk.result() for talk in printed] == 2 * [[SAID, SAID, "Bye Server"]]

    wait_until(lambda: server.snapshot()["open"] == 0)
    sessions = server.sessions()
    assert [(s["thread"], s["messages"]) for s in sessions] == [("Thread-1", 2), ("Thread-2", 2)]
    assert len({session["native_id"] for session in sessions}) == 2
    assert max(s["served_at"] for s in sessions) < min(s["closed_at"] for s in sessions)
