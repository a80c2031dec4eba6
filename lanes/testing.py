"""A pytest plugin for other people's tests: asserts that each client has a thread of its own.

Without pytest, use `watching`. Both need what `lanes watch` needs: Linux, and the rights.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from lanes.layout import picture_of
from lanes.session import CERTAIN
from lanes.terminal.drawing import as_text
from lanes.watch.claim import How
from lanes.watch.process import ThreadId
from lanes.watch.rights import missing
from lanes.watch.session import Watched
from lanes.watch.target import NotFound, Target, of_pid

__all__ = ["NotFound", "ServedBy", "Watching", "watching"]

SECONDS = 10.0  # to wait, unless a test says otherwise
STEP = 0.05  # seconds between two looks at what has been seen
WIDTH = 100  # cells of the lanes in a message


class ServedBy(NamedTuple):
    """The thread that serves a client, by the numbers that the server itself uses."""

    thread: int
    name: str
    process: int
    how: How  # how it is known, as in lanes/watch/attribution.py

    @property
    def certain(self) -> bool:
        """Whether no other thread can be the one."""
        return self.how in CERTAIN


class Watching(Watched):
    """One port of a server that is being watched. Failures show its lanes as text."""

    def threads(self) -> dict[str, ServedBy]:
        """Return the known threads, by the client's address as the server sees it: "HOST:PORT"."""
        self.snapshot()  # which looks up the threads' names
        with self._watcher.changing:
            claims = [(one.connection.peer, one.claim) for one in self._watcher.records]
        return {peer: self._served_by(thread, how) for peer, (thread, how) in claims if thread}

    def wait_until_listening(self, timeout: float = SECONDS) -> None:
        """Wait until the server listens on the port. Raises NotFound after `timeout` seconds."""
        if not self._comes_true(lambda: bool(self._watcher.moment.listening), timeout):
            where = "is not listening on that port; is it the port inside the container?"
            raise NotFound(f"{self._name} {where}")

    def wait_until_served(self, clients: int, timeout: float = SECONDS) -> None:
        """Wait until at least N clients are served for certain; fail after `timeout` seconds."""
        __tracebackhide__ = True
        if not self._comes_true(lambda: len(self._certain()) >= clients, timeout):
            self._fail(f"{len(self._certain())} of {clients} clients served for certain")

    def assert_distinct_threads(self, clients: int, timeout: float = SECONDS) -> None:
        """Fail unless at least N clients are soon served at once, each by its own thread."""
        __tracebackhide__ = True
        if not self._comes_true(lambda: len(set(self._certain())) >= clients, timeout):
            own = len(set(self._certain()))
            self._fail(f"{own} of {clients} clients with a thread of their own for certain")

    def _certain(self) -> list[tuple[int, int]]:
        return [(one.process, one.thread) for one in self.threads().values() if one.certain]

    def _served_by(self, thread: ThreadId, how: How) -> ServedBy:
        known, main = self._threads, ThreadId(thread.pid, thread.pid)
        return ServedBy(known.native_id(thread), known.name(thread), known.native_id(main), how)

    def _comes_true(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Whether the condition becomes true before the server ends or the time is over."""
        until = time.monotonic() + timeout
        while not condition():
            if self.wait(STEP) or time.monotonic() > until:
                return condition()
        return True

    def _fail(self, what: str) -> None:
        __tracebackhide__ = True
        snapshot = self.snapshot()
        kind = f"{snapshot.seen.kind} ({snapshot.seen.evidence})" if snapshot.seen else ""
        why = "the server has ended" if self.wait(0) else kind
        raise AssertionError(f"{what}: {why}\n\n{as_text(picture_of(snapshot), WIDTH)}")


@contextmanager
def watching(server: object, port: int, timeout: float = SECONDS) -> Iterator[Watching]:
    """Watch a server once it listens on the port: inside its container, if it is in one.

    The server is a container of testcontainers or the Docker SDK, anything with a `pid`, or a
    process id. Raises NotFound, with the reason in one line, if it cannot be seen or does not
    listen.
    """
    with Watching(_target(server, port)) as seen:
        seen.wait_until_listening(timeout)
        yield seen


def _target(server: Any, port: int) -> Target:  # noqa: ANN401 - whatever has what is asked for
    if sys.platform != "linux":
        raise NotFound("lanes.testing reads Linux's /proc: run these tests on Linux")
    if hasattr(server, "get_wrapped_container"):
        server = server.get_wrapped_container()
    if hasattr(server, "poll") and server.poll() is not None:
        raise NotFound(f"process {server.pid} has ended already, with {server.returncode}")
    is_container = hasattr(server, "attrs")
    target = _of_container(server) if is_container else of_pid(getattr(server, "pid", server))
    if why := missing(target.pids[0]):
        raise NotFound(why)
    return target._replace(ports=(port,))


def _of_container(container: Any) -> Target:  # noqa: ANN401 - docker-py has no types
    """Return its first process, if visible here; a remote engine's id may mean another process."""
    container.reload()
    name, pid = f"container {container.name}", container.attrs["State"]["Pid"]
    if not pid:
        raise NotFound(f"{name} is not running")
    with suppress(OSError):
        for table in ("cgroup", "mountinfo"):
            if container.id in Path(f"/proc/{pid}/{table}").read_text():
                return Target((pid,), name)
    raise NotFound(f"cannot see process {pid} of {name}: be root, on the engine's own host")


try:
    import pytest
except ImportError:  # without pytest, there is no fixture
    pass
else:

    @pytest.fixture
    def watch_server() -> Iterator[Callable[..., Watching]]:
        """Return a function like `watching`, for as long as the test runs."""
        with ExitStack() as stack:
            yield lambda *words, **options: stack.enter_context(watching(*words, **options))
