"""Four threads add one to the same number, a hundred times each: without a lock, then with one."""

import threading
import time
from contextlib import AbstractContextManager, nullcontext

THREADS, TIMES = 4, 100


class Counter:
    """A number that every thread may change, as long as it holds what guards it."""

    def __init__(self, guard: AbstractContextManager[object]) -> None:
        self.number = 0
        self._guard = guard

    def add_one(self) -> None:
        with self._guard:
            number = self.number  # read
            number = number + 1  # compute
            time.sleep(0.0001)  # meanwhile, let another thread run
            self.number = number  # write back


def count(guard: AbstractContextManager[object]) -> str:
    """Let all threads add to one counter; return the result in words."""
    counter = Counter(guard)
    start = threading.Barrier(THREADS)  # no thread begins before all are there

    def work() -> None:
        start.wait()
        for _ in range(TIMES):
            counter.add_one()

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, added = time.monotonic() - began, THREADS * TIMES
    lost = added - counter.number
    return f"added {added}, there are {counter.number}, lost {lost}, in {seconds:.2f} s"


print("without a lock:", count(nullcontext()))
print("with a lock:   ", count(threading.Lock()))
