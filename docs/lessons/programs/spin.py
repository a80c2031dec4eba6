"""Computes in one thread, in two, in four: how long it takes, and how many cores it keeps busy."""

import sys
import threading
import time

STEPS = 5_000_000


def spin() -> None:
    """Use a processor, and wait for nothing."""
    left = STEPS
    while left:
        left -= 1


has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()  # Python 3.13 was the first without
print("with a GIL" if has_gil else "without a GIL")
for count in (1, 2, 4):
    threads = [threading.Thread(target=spin) for _ in range(count)]
    began, used = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, used = time.monotonic() - began, time.process_time() - used
    print(f"threads={count} seconds={seconds:.2f} cores={used / seconds:.1f}")
