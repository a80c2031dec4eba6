"""SIGTERM and SIGINT end a block cleanly, without a traceback."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SIGNALS = signal.SIGTERM, signal.SIGINT


@contextmanager
def until_stopped() -> Iterator[None]:
    """End the block with a KeyboardInterrupt on SIGTERM or SIGINT.

    For the main thread. After the first signal it ignores others, which could interrupt the end.
    """

    def stop(_number: int, _frame: object) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    with suppress(KeyboardInterrupt):
        yield
    for number, handler in before.items():
        if signal.getsignal(number) is stop:  # it was not stopped
            signal.signal(number, handler)
