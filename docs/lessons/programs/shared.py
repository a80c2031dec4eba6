"""A thread and a child process each add a name to a list, and say what they see in it."""

import multiprocessing
import os
import threading

visitors: list[str] = []


def visit(name: str) -> None:
    """Runs in the thread, and in the child process."""
    visitors.append(name)
    print(f"{name} sees {visitors} in process {os.getpid()}")


thread = threading.Thread(target=visit, args=("the thread",))
child = multiprocessing.get_context("fork").Process(target=visit, args=("the child",))
for one in (thread, child):
    one.start()
    one.join()
print(f"the main program sees {visitors} in process {os.getpid()}")
