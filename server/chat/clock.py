"""The time of the records: Unix seconds, but they never step back.

A wall clock that is set back would have a session end before it began. This one is read once, when
the process starts, and runs on with the monotonic clock; so it does not follow later corrections.
"""

import time

EPOCH = time.time() - time.monotonic()  # of the monotonic clock, in Unix seconds


def now() -> float:
    """Read the clock, in Unix seconds."""
    return EPOCH + time.monotonic()
