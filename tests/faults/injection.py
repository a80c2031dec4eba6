"""System calls of the server that fail, by strace: which, how often, and when they did."""

import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Self

INJECTED = re.compile(r"(\d+) +(\d+\.\d+) .*\(INJECTED\)")


class Injection:
    """In each of the server's threads the call succeeds `spared` times, then fails `times` times.

    strace counts the calls of each thread on its own.
    """

    def __init__(self, calls: str, error: str, *, spared: int, times: int) -> None:
        self._file = NamedTemporaryFile()  # noqa: SIM115 - __exit__ closes it
        when = f"{spared + 1}..{spared + times}"
        # The words to start the server with: what it does not trace it does not slow down.
        self.words = (
            *("strace", "-f", "-ttt", "--seccomp-bpf", "-qq", "-o", self._file.name),
            *("-e", f"trace={calls}", "-e", f"inject={calls}:error={error}:when={when}"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def failures(self) -> dict[int, list[float]]:
        """When, in Unix seconds, the call failed in each thread, by the thread's own id."""
        failures: dict[int, list[float]] = {}
        for line in Path(self._file.name).read_text(encoding="utf-8").splitlines():
            if found := INJECTED.match(line):
                failures.setdefault(int(found[1]), []).append(float(found[2]))
        return failures


def busiest_second(moments: list[float]) -> int:
    """The most of them that lie within any one second."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most
