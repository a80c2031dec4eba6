"""A server's health while something happens to it."""

import time
from collections.abc import Callable

from tests.faults.tally import Tally
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import wait_until


def slowest_answer(server: ServerProcess, tally: Tally, until: Callable[[], object]) -> float:
    """Poll /healthz until `until()` is true; return how many seconds the slowest answer took."""
    slowest = 0.0

    def is_over() -> object:
        nonlocal slowest
        asked = time.monotonic()
        tally.check(server.is_well(), "/healthz does not answer")
        slowest = max(slowest, time.monotonic() - asked)
        return until()

    wait_until(is_over, pause=0.1)
    return slowest
