"""Starts a thread, with `_thread` or with `threading`, and then ends at once."""

import _thread
import sys
import threading
import time


def serve(client: str) -> None:
    """Runs in the thread, and takes longer than the main program."""
    time.sleep(1)
    print(f"{client} has been served")


if sys.argv[1] == "_thread":
    started: object = _thread.start_new_thread(serve, ("client-1",))
else:
    started = threading.Thread(target=serve, args=("client-1",))
    started.start()
print(f"the main program ends; its handle for the thread: {type(started).__name__}")
