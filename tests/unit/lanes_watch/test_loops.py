"""Whether the thread that polls also answers: real threads, that run or do not."""

from collections.abc import Callable, Iterator

import pytest

from lanes.watch import loops
from lanes.watch.evidence import Doing, Look
from lanes.watch.loops import SURE, Loops
from lanes.watch.process import ThreadId
from lanes.watch.sockets import Connection
from tests.kit.puppet import Puppet

C = 7


class Server:
    """A process whose main thread polls, and a worker of it."""

    def __init__(self, puppet: Puppet) -> None:
        puppet.do("work, done = threading.Semaphore(0), threading.Semaphore(0)")
        worker = puppet.start("[(work.acquire(), done.release()) for _ in range(1000)]")
        puppet.do("work.release(); done.acquire(); time.sleep(0.1)")  # it waits again
        self._puppet = puppet
        self._main = ThreadId(puppet.pid, puppet.pid)
        self._look: Look = {
            self._main: Doing("epolls"),
            ThreadId(puppet.pid, worker): Doing("locks"),
        }
        self._loops, self._said, self._answered = Loops(), 0, 0

    def answer(self, *, by_worker: bool = False, messages: int = 1, answers: int = 1) -> bool:
        """Whether it is known as a loop after this."""
        if by_worker:
            self._puppet.do("work.release(); done.acquire()")
        self._said, self._answered = self._said + messages, self._answered + answers
        counts = self._said, 0, 0, False, self._answered
        connection = Connection(C, "here", "there", "established", 0, 0, *counts)
        return bool(self._loops.update(self._look, {C: self._main}, [connection]))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(loops, "PAUSE", 0.0)
    with Puppet() as puppet:
        yield Server(puppet)


def times(count: int, answer: Callable[[], bool]) -> list[bool]:
    return [answer() for _ in range(count)]


def test_who_answers_while_nobody_else_runs_is_a_loop_and_stays_one(server: Server) -> None:
    assert times(20, server.answer)[-1]
    assert server.answer(by_worker=True)


def test_who_answers_only_while_a_worker_runs_is_none(server: Server) -> None:
    assert not any(times(20, lambda: server.answer(by_worker=True)))


def test_it_is_not_taken_for_a_loop_at_the_first_answers(server: Server) -> None:
    assert not any(times(SURE, server.answer))


@pytest.mark.parametrize(("messages", "answers"), [(0, 0), (0, 1), (1, 0)])
def test_what_is_no_answer_to_a_message_proves_nothing(
    server: Server, messages: int, answers: int
) -> None:
    assert not any(times(20, lambda: server.answer(messages=messages, answers=answers)))


def test_after_enough_of_work_by_workers_it_is_not_asked_any_more(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loops, "ENOUGH", 5)
    times(7, lambda: server.answer(by_worker=True))
    assert not any(times(20, server.answer))


def test_a_thread_that_has_ended_has_not_run() -> None:
    look: Look = {ThreadId(1 << 22, tid): Doing("epolls") for tid in (1 << 22, (1 << 22) + 1)}
    pollers = {C: ThreadId(1 << 22, 1 << 22)}
    assert Loops().update(look, pollers, []) == frozenset()
