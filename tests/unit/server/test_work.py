"""What answering a message costs besides."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from server.models import Pool
from server.protocol import ANSWER
from server.work import Work, parse
from tests.kit.running_server import RunningServer
from tests.kit.waiting import SECONDS, wait_until

StartServer = Callable[..., RunningServer]


def never() -> bool:
    return False


class Gate:
    """Work that ends when the test says so."""

    def __init__(self) -> None:
        self._begun: list[str] = []  # the threads
        self._open = threading.Semaphore(0)

    def begun(self) -> int:
        return len(self._begun)

    def __call__(self, _over: Callable[[], bool]) -> None:
        self._begun.append(threading.current_thread().name)
        assert self._open.acquire(timeout=SECONDS)

    def let_through(self) -> None:
        self._open.release()


def test_spin_takes_so_much_of_the_processor() -> None:
    before = time.thread_time()
    Work("spin", 20).do(never)
    assert 0.02 <= time.thread_time() - before < 0.1


def test_a_computation_that_is_over_ends() -> None:
    before = time.thread_time()
    Work("spin", 1000).do(lambda: True)
    assert time.thread_time() - before < 0.5


def test_sleep_takes_so_long_and_next_to_none_of_the_processor() -> None:
    before, processor = time.monotonic(), time.thread_time()
    Work("sleep", 50).do(never)
    assert time.monotonic() - before >= 0.05
    assert time.thread_time() - processor < 0.025


@pytest.mark.parametrize("text", ["spin:5", "sleep:0.5", "sleep:1000"])
def test_what_is_read_is_written_the_same(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not spin:MS or sleep:MS"),
        ("5", "is not spin:MS or sleep:MS"),
        ("spin", "is not spin:MS or sleep:MS"),
        ("dance:5", "is not spin:MS or sleep:MS"),
        ("spin:", "is not a number of milliseconds"),
        ("spin:five", "is not a number of milliseconds"),
        ("spin:0", "is not more than 0"),
        ("sleep:-1", "is not more than 0"),
        ("sleep:nan", "is not more than 0"),
        ("sleep:1000.1", "at most 1000 milliseconds"),
    ],
)
def test_what_is_no_work_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_an_answer_takes_as_long_as_its_work(start_server: StartServer) -> None:
    server = start_server(work=Work("sleep", 50).do)
    peer = server.greeted()
    before = time.monotonic()
    assert ANSWER in peer.say("Hey")
    assert time.monotonic() - before >= 0.05
    peer.close()
    assert server.ended(1).answers.sum >= 0.05


def test_no_reply_waits_for_the_work_of_the_message_behind_it(start_server: StartServer) -> None:
    gate = Gate()
    peer = start_server(work=gate).greeted()
    peer.send(b"one\ntwo\nthree\n")
    for number in (1, 2, 3):
        wait_until(partial(lambda count: gate.begun() == count, number))
        gate.let_through()
        assert ANSWER in peer.line()


def test_a_third_client_of_two_workers_waits_for_the_work_of_those_before(
    start_server: StartServer,
) -> None:
    gate = Gate()
    server = start_server(model=Pool(2), work=gate)
    served, waiting = [server.greeted(), server.greeted()], server.connect()
    for peer in (*served, waiting):
        peer.send(b"Hey\n")
    wait_until(lambda: gate.begun() == 2)
    assert server.record(3).state == "waiting"
    for _ in served:
        gate.let_through()
    for peer in served:
        assert ANSWER in peer.line()
        peer.close()
    assert waiting.line().startswith("+OK Worker-")
    gate.let_through()
    assert ANSWER in waiting.line()
