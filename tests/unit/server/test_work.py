"""The extra work for each message."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from server.chat.protocol import ANSWER
from server.chat.work import Work, parse
from tests.kit.running_server import StartServer
from tests.kit.waiting import SECONDS, wait_until


def test_spin_uses_the_processor_for_its_time_unless_ended_early() -> None:
    before = time.thread_time()
    Work("spin", 20).do(lambda: False)
    spun = time.thread_time()
    Work("spin", 1000).do(lambda: True)
    assert 0.02 <= spun - before < 0.1
    assert time.thread_time() - spun < 0.5


def test_sleep_takes_its_time_and_almost_no_processor() -> None:
    before, processor = time.monotonic(), time.thread_time()
    Work("sleep", 50).do(lambda: False)
    assert time.monotonic() - before >= 0.05
    assert time.thread_time() - processor < 0.025


@pytest.mark.parametrize("text", ["spin:5", "sleep:0.5", "sleep:1000"])
def test_work_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, "is not spin:MS or sleep:MS") for text in ("", "5", "spin", "dance:5")),
        *((text, "is not a number of milliseconds") for text in ("spin:", "spin:five")),
        *((text, "is not more than 0") for text in ("spin:0", "sleep:-1", "sleep:nan")),
        ("sleep:1000.1", "at most 1000 milliseconds"),
    ],
)
def test_a_wrong_kind_of_work_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_no_reply_waits_for_the_work_of_the_next_message(start_server: StartServer) -> None:
    begun: list[str] = []
    gate = threading.Semaphore(0)

    def work(_over: Callable[[], bool]) -> None:
        begun.append(threading.current_thread().name)
        assert gate.acquire(timeout=SECONDS)

    peer = start_server(work=work).greeted()
    peer.send(b"one\ntwo\nthree\n")
    for number in (1, 2, 3):
        wait_until(partial(lambda count: len(begun) == count, number))
        gate.release()
        assert ANSWER in peer.line()
    assert set(begun) == {"Thread-1"}
