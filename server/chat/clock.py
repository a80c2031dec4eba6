"""The clock for records: Unix seconds that never go backwards.

The wall clock is read once, at the start; from then on, only the monotonic clock counts.
"""

import time

EPOCH = time.time() - time.monotonic()  # the monotonic clock's zero, in Unix seconds


def now() -> float:
    """Return the current time in Unix seconds."""
    return EPOCH + time.monotonic()
