"""The two states of a lock, who may release it, and what an exception does to it."""

import threading


def by_hand(lock: threading.Lock) -> None:
    """Fail between acquire and release."""
    lock.acquire()
    "ü".encode().decode("ascii")  # raises, so the next line never runs
    lock.release()


def by_with(lock: threading.Lock) -> None:
    """Fail inside a `with`."""
    with lock:
        "ü".encode().decode("ascii")


def report(failed: threading.ExceptHookArgs) -> None:
    """Say in one line which exception has ended a thread."""
    print("  the thread ended with", failed.exc_type.__name__)


threading.excepthook = report
lock = threading.Lock()
print("new: locked() is", lock.locked())
lock.acquire()
print("acquired: locked() is", lock.locked())
other = threading.Thread(target=lock.release)
other.start()
other.join()
print("released by another thread: locked() is", lock.locked())
try:
    lock.release()
except RuntimeError as error:
    print("released once more: RuntimeError:", error)

for function in by_hand, by_with:
    lock = threading.Lock()
    thread = threading.Thread(target=function, args=(lock,))
    thread.start()
    thread.join()
    print(f"{function.__name__}: locked() is", lock.locked())
