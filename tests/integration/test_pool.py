"""A pool of two workers: client 3 waits in the queue, connected and not greeted."""

from collections.abc import Callable

from tests.kit.images import Client, Server
from tests.kit.waiting import wait_until


def test_with_two_workers_the_third_client_is_greeted_when_another_has_left(
    start_server: Callable[..., Server], start_client: Callable[..., Client]
) -> None:
    server = start_server("--model", "pool", "--workers", "2")
    first, second = (start_client("--repeat", "forever") for _ in range(2))
    wait_until(lambda: first.answered() and second.answered())
    third = start_client("--repeat", "forever")
    wait_until(lambda: third.events("connected"))
    wait_until(lambda: server.snapshot()["open"] == 3)

    before = first.answered().total()
    wait_until(lambda: first.answered().total() >= before + 3)
    assert third.greeted_by() == []
    [waits] = [session for session in server.sessions() if session["state"] == "waiting"]
    assert (waits["number"], waits["thread"], waits["native_id"]) == (3, None, None)

    assert first.terminate() == 0
    wait_until(third.greeted_by)
    assert third.greeted_by() == first.greeted_by()
    assert {*first.greeted_by(), *second.greeted_by()} == {"Worker-1", "Worker-2"}
    assert server.snapshot()["peak_serving"] == 2
    assert [client.terminate() for client in (second, third)] == [0, 0]
