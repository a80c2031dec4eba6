"""Who answers what comes to the HTTP port: health checks have a thread of their own.

    http: a whole request -> Dispatcher.add_task -> health: a health check
                                                 -> pages-N: everything else

Whoever checks our health may have us restarted, so a check waits for nobody's drawing: behind 64
who ask for different pages it would wait for seconds.
"""

import threading
from collections.abc import Callable
from typing import Any

from waitress.task import Task, ThreadedTaskDispatcher

HEALTH = "/healthz"

# Drawings are made one at a time (server/drawings.py), so more threads would only wait. None waits
# for a client: `http` sends what a client has yet to read.
PAGE_THREADS = 3


class Threads(ThreadedTaskDispatcher):
    """Threads of one kind, and the requests that wait for the next one to be free."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names

    def start(self) -> None:
        """Start them; raises RuntimeError where one cannot be."""
        self.set_thread_count(len(self._names))

    def start_new_thread(self, target: Callable[..., Any], thread_no: int) -> None:
        """Start one of them, by a name that nobody takes for a lane."""
        name = self._names[thread_no]
        threading.Thread(target=target, name=name, args=(thread_no,), daemon=True).start()

    def add_task(self, task: Task) -> None:
        """Queue a request. Waitress would warn that there is a queue, which is no news."""
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()


class Dispatcher(Threads):
    """The threads for pages, and beside them the one for health checks."""

    def __init__(self) -> None:
        super().__init__(*(f"pages-{number}" for number in range(1, PAGE_THREADS + 1)))
        self._health = Threads("health")

    def start(self) -> None:
        """Start them all; raises RuntimeError where one cannot be."""
        self._health.start()
        super().start()

    def add_task(self, task: Task) -> None:
        """Queue a request where it belongs. What is no request (`error`) has no path."""
        channel: Any = task  # waitress' types say that it were what `service` makes of it
        request = channel.requests[0]
        if not request.error and request.path == HEALTH:
            self._health.add_task(task)
        else:
            super().add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:  # noqa: FBT001, FBT002 - they are waitress'
        """End the threads; what waits for one of them is not answered any more."""
        self._health.shutdown(cancel_pending, timeout)
        return super().shutdown(cancel_pending, timeout)
