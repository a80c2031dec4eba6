"""Two transfers need the same two locks. With the argument `in-order` both take A's first."""

import faulthandler
import sys
import threading
from contextlib import suppress
from operator import attrgetter

IN_ORDER = "in-order" in sys.argv
meeting = threading.Barrier(2)


class Account:
    """An amount of money, and the lock that guards it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.amount = 100
        self.lock = threading.Lock()


def transfer(source: Account, target: Account) -> None:
    """Move 10 from one to the other, while no other thread may change either."""
    first, second = source, target
    if IN_ORDER:
        first, second = sorted((source, target), key=attrgetter("name"))
    with first.lock:
        with suppress(threading.BrokenBarrierError):
            meeting.wait(timeout=2)  # until the other one has its first lock too, if it can
        with second.lock:
            source.amount -= 10
            target.amount += 10


faulthandler.dump_traceback_later(6, exit=True)  # unless both are done by then
a, b = Account("A"), Account("B")
threads = [threading.Thread(target=transfer, args=pair) for pair in ((a, b), (b, a))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"both are done: A has {a.amount}, B has {b.amount}")
