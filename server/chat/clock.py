"""The clock of the records: Unix seconds that never step back.

The wall clock is read once, at the start; the monotonic one runs on and is never set back.
"""

import time

EPOCH = time.time() - time.monotonic()  # of the monotonic clock, in Unix seconds


def now() -> float:
    """Read the clock, in Unix seconds."""
    return EPOCH + time.monotonic()
