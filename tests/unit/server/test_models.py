"""Where client N waits. Sessions end when the test says so; there is no network."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import pytest

from server.chat.models import Cached, Model, OneLock, Pool
from tests.kit.waiting import SECONDS, wait_until


class Session:
    """Notes its thread and its turn; stays until it may leave."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.thread = ""
        self.assigned, self.served = threading.Event(), threading.Event()
        self.may_leave, self.left = threading.Event(), threading.Event()

    def assign(self) -> None:
        self.thread = threading.current_thread().name
        self.assigned.set()

    def run(self) -> None:
        self.assign()
        self.served.set()
        assert self.may_leave.wait(SECONDS)
        self.left.set()

    def leave(self) -> None:
        self.may_leave.set()
        assert self.left.wait(SECONDS)


@pytest.fixture(autouse=True)
def threads_end() -> Iterator[None]:
    """Check that no thread is left once all sessions have ended."""
    before = set(threading.enumerate())  # a thread of an earlier test may still be ending
    yield
    wait_until(lambda: set(threading.enumerate()) <= before)


SetFloat = Callable[[float], None]


@pytest.fixture
def idle_seconds(monkeypatch: pytest.MonkeyPatch) -> SetFloat:
    return partial(monkeypatch.setattr, "server.chat.models.IDLE_SECONDS")


def submit_three(model: Model) -> list[Session]:
    sessions = [Session(number) for number in (1, 2, 3)]
    for session in sessions:
        model.submit(session)
    return sessions


def served(sessions: list[Session]) -> list[Session]:
    return [session for session in sessions if session.served.is_set()]


def test_pool_serves_as_many_as_it_has_workers_and_the_next_when_one_leaves() -> None:
    model = Pool(workers=2)
    first, second, third = sessions = submit_three(model)
    wait_until(lambda: len(served(sessions)) == 2)
    assert {first.thread, second.thread} == {"Worker-1", "Worker-2"}
    assert not third.assigned.is_set()
    first.leave()
    assert third.served.wait(SECONDS)
    assert third.thread == first.thread
    second.leave()
    third.leave()
    model.shutdown()


def visit(model: Model, number: int) -> str:
    session = Session(number)
    model.submit(session)
    assert session.served.wait(SECONDS)
    session.leave()
    return session.thread


def test_cached_starts_a_thread_for_a_client_unless_one_is_idle(idle_seconds: SetFloat) -> None:
    idle_seconds(0.1)
    model = Cached()
    staying = submit_three(model)
    assert all(session.served.wait(SECONDS) for session in staying)
    assert {session.thread for session in staying} == {"Thread-1", "Thread-2", "Thread-3"}
    assert visit(model, 4) == "Thread-4"
    numbers = count(5)
    wait_until(lambda: visit(model, next(numbers)) == "Thread-4")  # as soon as it is idle
    for session in staying:
        session.leave()


def test_cached_loses_no_client_when_an_idle_thread_ends(idle_seconds: SetFloat) -> None:
    idle_seconds(0.00001)
    model = Cached()
    assert len([visit(model, number) for number in range(500)]) == 500


def test_lock_gives_every_client_a_thread_and_serves_one_at_a_time() -> None:
    model = OneLock()
    waiting = submit_three(model)
    assert all(session.assigned.wait(SECONDS) for session in waiting)
    assert {session.thread for session in waiting} == {"Thread-1", "Thread-2", "Thread-3"}
    while waiting:
        wait_until(lambda: served(waiting))
        [holder] = served(waiting)
        waiting.remove(holder)
        holder.leave()
    model.shutdown()
