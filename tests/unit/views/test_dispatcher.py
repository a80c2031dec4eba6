"""Whose thread answers what: a health check waits for nobody."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any, NamedTuple

import pytest

from server.dispatcher import HEALTH, PAGE_THREADS, Dispatcher
from tests.kit.waiting import SECONDS


class Request(NamedTuple):
    path: str
    error: object = None  # what waitress answers itself, where it is no request


class Waiting:
    """Stands for a channel whose request has come: its answer takes until it may end."""

    def __init__(self, request: Request, may_end: threading.Event) -> None:
        self.requests = [request]
        self.threads: SimpleQueue[str] = SimpleQueue()  # that answer it, or "" where none will
        self._may_end = may_end

    def service(self) -> None:
        self.threads.put(threading.current_thread().name)
        self._may_end.wait(SECONDS)

    def cancel(self) -> None:
        self.threads.put("")

    def thread(self) -> str:
        return self.threads.get(timeout=SECONDS)


@pytest.fixture
def dispatcher() -> Iterator[Dispatcher]:
    dispatcher = Dispatcher()
    dispatcher.start()
    yield dispatcher
    dispatcher.shutdown()


@pytest.fixture
def may_end() -> Iterator[threading.Event]:
    may_end = threading.Event()
    yield may_end
    may_end.set()


def ask(dispatcher: Any, request: Request, may_end: threading.Event) -> Waiting:  # noqa: ANN401 - waitress' type of a task is not what it is given
    waiting = Waiting(request, may_end)
    dispatcher.add_task(waiting)
    return waiting


def test_a_health_check_waits_for_no_page(dispatcher: Dispatcher, may_end: threading.Event) -> None:
    pages = [ask(dispatcher, Request("/"), may_end) for _ in range(4 * PAGE_THREADS)]
    drawing = {page.thread() for page in pages[:PAGE_THREADS]}
    assert drawing == {"pages-1", "pages-2", "pages-3"}
    assert ask(dispatcher, Request(HEALTH), may_end).thread() == "health"
    assert all(page.threads.empty() for page in pages)
    may_end.set()
    assert {page.thread() for page in pages[PAGE_THREADS:]} <= drawing


def test_what_is_no_request_is_no_health_check(
    dispatcher: Dispatcher, may_end: threading.Event
) -> None:
    refused = ask(dispatcher, Request(HEALTH, error="a body that is too long"), may_end)
    assert refused.thread().startswith("pages-")


def test_at_the_end_what_nobody_has_begun_to_answer_is_cancelled(
    dispatcher: Dispatcher, may_end: threading.Event
) -> None:
    pages = [ask(dispatcher, Request("/"), may_end) for _ in range(PAGE_THREADS + 1)]
    checks = [ask(dispatcher, Request(HEALTH), may_end) for _ in range(2)]
    *_, first_check = [waiting.thread() for waiting in (*pages[:PAGE_THREADS], checks[0])]
    assert first_check == "health"
    dispatcher.shutdown(timeout=0)
    assert [pages[-1].thread(), checks[-1].thread()] == ["", ""]


def test_its_threads_end_with_it() -> None:
    before = set(threading.enumerate())
    dispatcher = Dispatcher()
    dispatcher.start()
    assert len(set(threading.enumerate()) - before) == PAGE_THREADS + 1
    dispatcher.shutdown()
    for thread in set(threading.enumerate()) - before:
        thread.join(SECONDS)
        assert not thread.is_alive()
