"""A process of its own beside the test, so that neither slows down the other's stopwatch."""

import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from tests.kit.waiting import SECONDS

Result = TypeVar("Result")


class Call:
    """What the process has of the test: to say that it is ready, and to hear that it is over."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.over = threading.Event()

    def ready(self) -> None:
        """Have the test go on, and listen for its end."""
        self._pipe.send("ready")
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self) -> None:
        try:
            self._pipe.recv()
        finally:  # a test that is gone is over too
            self.over.set()


class Companion(Generic[Result]):
    """Runs `work(call, *words)` in a process from when it is entered; its result is what counts.

    The work calls `call.ready()` once it is at it. It ends by itself, or soon after `call.over`.
    """

    def __init__(self, work: Callable[..., Result], *words: object) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._theirs = theirs
        self._process = spawn.Process(target=_run, args=(theirs, work, *words), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()  # theirs alone: so its end is heard here
        assert self._pipe.poll(SECONDS), "it does not get ready"
        self._hear()
        return self

    def result(self, seconds: float = SECONDS) -> Result:
        """Wait for it to end by itself."""
        assert self._pipe.poll(seconds), f"it has not ended within {seconds} s"
        result: Result = self._hear()
        self._process.join(SECONDS)
        return result

    def _hear(self) -> Any:  # noqa: ANN401 - what the work returns
        try:
            return self._pipe.recv()
        except EOFError:
            self._process.join(SECONDS)
            code = self._process.exitcode  # minus a signal's number where that ended it
            raise ChildProcessError(f"it has ended with {code}, and said nothing") from None

    def finish(self) -> Result:
        """Tell it that it is over."""
        self._pipe.send("over")
        return self.result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._pipe.close()


def _run(pipe: Pipe, work: Callable[..., Result], *words: object) -> None:
    pipe.send(work(Call(pipe), *words))
