"""Whether the thread that polls also answers: real threads that run or wait."""

from collections.abc import Callable

import pytest

from lanes.watch import runs
from lanes.watch.evidence import Doing, Look
from lanes.watch.loops import SURE, Loops
from lanes.watch.process import ThreadId
from lanes.watch.processes import Processes
from lanes.watch.sockets import Connection
from tests.kit.puppet import Puppet
from tests.kit.waiting import wait_until

C = 7


class Server:
    """A process with a main thread that polls, and a worker."""

    def __init__(self, puppet: Puppet, processes: Processes, *, timed: bool = False) -> None:
        puppet.do("work, done = threading.Semaphore(0), threading.Semaphore(0)")
        worker = puppet.start("[(work.acquire(), done.release()) for _ in range(1000)]")
        puppet.do("work.release(); done.acquire()")
        self._puppet, self.worker = puppet, ThreadId(puppet.pid, worker)
        processes.refresh()

        def waits_again() -> bool:
            wait = processes[puppet.pid].wait(processes.sample()[self.worker])
            return wait.kind == "locks" and not wait.timed  # a wait for the GIL is timed

        wait_until(waits_again)
        self._main = ThreadId(puppet.pid, puppet.pid)
        self._look: Look = {
            self._main: Doing("epolls"),
            self.worker: Doing("locks", timed=timed),
        }
        self.loops, self._said, self._answered = Loops(), 0, 0

    def answer(
        self, *, by_worker: bool = False, messages: int = 1, answers: int = 1, pending: bool = False
    ) -> bool:
        """Count these messages and answers; return whether the process is known as a loop now."""
        if by_worker:
            self._puppet.do("work.release(); done.acquire()")
        self._said, self._answered = self._said + messages, self._answered + answers
        counts = self._said, 0, 0, pending, self._answered
        connection = Connection(C, "here", "there", "established", 0, 0, *counts)
        self.loops.update(self._look, {C: self._main}, [connection])
        return bool(self.loops.found)


@pytest.fixture(autouse=True)
def _without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "PAUSE", 0.0)
    monkeypatch.setattr(runs, "SHARE", 1e9)


@pytest.fixture
def server(puppet: Puppet, processes: Processes) -> Server:
    return Server(puppet, processes)


@pytest.fixture
def timed(puppet: Puppet, processes: Processes) -> Server:
    """A server whose worker waits with a time limit."""
    return Server(puppet, processes, timed=True)


def times(count: int, answer: Callable[[], bool]) -> list[bool]:
    return [answer() for _ in range(count)]


def test_a_thread_that_answers_alone_is_a_loop_and_stays_one(server: Server) -> None:
    assert times(20, server.answer)[-1]
    assert server.answer(by_worker=True)


def test_an_answer_may_be_sent_long_after_its_message_came(server: Server) -> None:
    def one_of_two() -> bool:
        server.answer(answers=0, pending=True)
        return server.answer(messages=0)

    assert times(20, one_of_two)[-1]


def test_a_thread_that_answers_only_while_a_worker_runs_is_not_a_loop(server: Server) -> None:
    assert not any(times(20, lambda: server.answer(by_worker=True)))


def test_a_thread_is_not_called_a_loop_after_its_first_answers(server: Server) -> None:
    assert not any(times(SURE, server.answer))


@pytest.mark.parametrize(("messages", "answers"), [(0, 0), (0, 1), (1, 0)])
def test_a_message_or_an_answer_alone_proves_nothing(
    server: Server, messages: int, answers: int
) -> None:
    assert not any(times(20, lambda: server.answer(messages=messages, answers=answers)))


def test_a_thread_that_runs_while_messages_are_answered_is_a_worker(server: Server) -> None:
    times(3, server.answer)
    assert server.loops.workers == set()
    server.answer(by_worker=True)
    assert server.loops.workers == {server.worker}
    times(5, lambda: server.answer(by_worker=True, messages=0, answers=0))
    assert server.loops.helpers == set()  # another thread may have woken it


def test_a_thread_that_runs_at_intervals_without_messages_is_not_a_worker(
    timed: Server,
) -> None:
    times(10, lambda: timed.answer(by_worker=True))
    assert timed.loops.workers == {timed.worker}
    assert timed.loops.tried()
    times(5, lambda: timed.answer(by_worker=True, messages=0, answers=0))
    assert timed.loops.helpers == {timed.worker}
    assert timed.loops.workers == set()
    assert timed.loops.found


def test_without_counters_no_thread_is_called_a_helper(timed: Server) -> None:
    times(10, lambda: timed.answer(by_worker=True, messages=0, answers=0))
    assert timed.loops.helpers == set()


def test_a_thread_that_has_ended_has_not_run() -> None:
    look: Look = {ThreadId(1 << 22, tid): Doing("epolls") for tid in (1 << 22, (1 << 22) + 1)}
    pollers = {C: ThreadId(1 << 22, 1 << 22)}
    loops = Loops()
    loops.update(look, pollers, [])
    assert (loops.found, loops.workers) == (frozenset(), frozenset())
