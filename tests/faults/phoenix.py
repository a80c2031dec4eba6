"""A server that is killed and is there again at once, on the same port, as often as one likes.

Half a second of each start would be Python reading the server's modules, which no client notices.
So they are read once, by what multiprocessing calls a fork server. Each server is a fork of that
one: a process of its own that runs the server's `main` with its words, as `python -m server` does.
"""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from server.__main__ import main
from tests.kit.waiting import SECONDS, wait_until

PORT, STATUS_PORT = 2022, 8022  # none that a client's own end may get while they are free
RECEIVED = b'"received from the client"'

_forge = multiprocessing.get_context("forkserver")
_forge.set_forkserver_preload(["__main__", __name__])


class Phoenix:
    """As a context manager it is up, and ended with 0. Each of its lives logs to a file there."""

    _life: ForkServerProcess | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: list[Path] = []

    def __enter__(self) -> Self:
        self.rise()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        code = self._end(signal.SIGTERM)
        assert error or code == 0, f"exit code {code}"

    def rise(self) -> None:
        log = self._folder / f"life {len(self._logs) + 1}.log"
        log.touch()
        self._logs.append(log)
        self._life = _forge.Process(target=_serve, args=(str(log),), daemon=True)
        self._life.start()

    def kill(self) -> None:
        code = self._end(signal.SIGKILL)
        assert code == -signal.SIGKILL, f"it had ended before, with {code}"

    def _end(self, number: int) -> int | None:
        assert self._life, "it has not risen"
        assert self._life.pid
        os.kill(self._life.pid, number)
        self._life.join(SECONDS)
        return self._life.exitcode

    def wait_until_received(self, messages: int) -> None:
        """Wait until it has logged so many messages since it rose."""
        wait_until(lambda: self._logs[-1].read_bytes().count(RECEIVED) >= messages)

    def log(self) -> Iterator[dict[str, Any]]:
        """Each record of all its lives, in order."""
        for log in self._logs:
            for line in log.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):  # else the kill came while it was written
                    yield json.loads(line)


def _serve(log: str) -> None:
    os.dup2(os.open(log, os.O_WRONLY), 1)
    words = ["--port", str(PORT), "--status-port", str(STATUS_PORT), "--log-format", "json"]
    main(words, prog_name="python -m server")
