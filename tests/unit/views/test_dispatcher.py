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


class Channel:
    """Stands for one whose request has come: its answer takes until it may end."""

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
def may_end() -> Iterator[threading.Event]:
    may_end = threading.Event()
    yield may_end
    may_end.set()


def test_a_health_check_waits_for_no_page_and_at_the_end_what_waits_is_cancelled(
    may_end: threading.Event,
) -> None:
    dispatcher: Any = Dispatcher()  # waitress' type of a task is not what it is given
    dispatcher.start()

    def ask(*requests: Request) -> list[Channel]:
        asking = [Channel(request, may_end) for request in requests]
        for one in asking:
            dispatcher.add_task(one)
        return asking

    pages = ask(*[Request("/")] * 3 * PAGE_THREADS, Request(HEALTH, error="too long a body"))
    drawing = {page.thread() for page in pages[:PAGE_THREADS]}
    assert drawing == {"pages-1", "pages-2", "pages-3"}
    check, next_check = ask(Request(HEALTH), Request(HEALTH))
    assert check.thread() == "health"
    waiting = [*pages[PAGE_THREADS:], next_check]
    assert all(channel.threads.empty() for channel in waiting)
    dispatcher.shutdown(timeout=0)
    assert {channel.thread() for channel in waiting} == {""}
