"""Processes forked from an interpreter that has imported everything, so each starts at once."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Event as ProcessEvent
from typing import NamedTuple, TypeVar

from tests.kit.waiting import SECONDS

FORGE = multiprocessing.get_context("forkserver")
FORGE.set_forkserver_preload(
    ["client.__main__", "server.__main__", "tests.faults.honest", "tests.faults.hostile"]
)

Result = TypeVar("Result")


class Call(NamedTuple):
    ready: ProcessEvent
    over: threading.Event


@contextmanager
def beside(work: Callable[..., Result], *words: object) -> Iterator[Future[Result]]:
    """Run `work(call, *words)` in another process, so that neither distorts the other's timings.

    The block begins once the work has set `call.ready`. When the block ends, `call.over` is set,
    and the work must end too.
    """
    ready, over = FORGE.Event(), FORGE.Event()
    with ProcessPoolExecutor(1, FORGE, _answer, (ready, over)) as process:
        future = process.submit(_run, work, *words)
        try:
            assert ready.wait(SECONDS), "it does not get ready"
            yield future
        finally:
            over.set()


_calls: list[Call] = []  # the one call that this process answers


def _answer(ready: ProcessEvent, over: ProcessEvent) -> None:
    call = Call(ready, threading.Event())  # faster to check than one that processes share
    _calls.append(call)

    def listen() -> None:
        over.wait()
        call.over.set()

    threading.Thread(target=listen, daemon=True).start()


def _run(work: Callable[..., Result], *words: object) -> Result:
    return work(*_calls, *words)
