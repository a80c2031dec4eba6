"""The original lab's own client is served under `--protocol handout`."""

import threading
from collections.abc import Callable, Iterator

from tests.kit.handout_client import chat
from tests.kit.running_server import RunningServer

SAID = "Received from the server : Today we will learn about Multithreading with Socket programming"


def test_its_transcript_is_the_labs(start_server: Callable[..., RunningServer]) -> None:
    server = start_server(protocol="handout")
    assert chat(server.address, ["y", "n"]) == [SAID, SAID, "Bye Server"]


def test_two_of_them_are_served_at_once(start_server: Callable[..., RunningServer]) -> None:
    """Neither goes on before the other has been answered: that takes two threads."""
    server = start_server(protocol="handout")
    both_answered = threading.Barrier(2, timeout=10)

    def answers() -> Iterator[str]:
        yield "y"
        both_answered.wait()
        yield "n"

    printed: list[list[str]] = []
    clients = [
        threading.Thread(target=lambda: printed.append(chat(server.address, answers())))
        for _ in range(2)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert printed == 2 * [[SAID, SAID, "Bye Server"]]
    assert {server.ended(number).thread for number in (1, 2)} == {"Thread-1", "Thread-2"}
    assert server.registry.snapshot().peak_serving == 2
