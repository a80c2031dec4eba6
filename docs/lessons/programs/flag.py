"""A server whose signal handler sets a flag. A second after the signal somebody connects."""

import os
import signal
import socket
import threading
import time

stopping = threading.Event()


def stop(_number: int, _frame: object) -> None:
    """Set the flag: all that this handler does."""
    print("told to stop, and the flag is set")
    stopping.set()


def tell() -> None:
    """Tell this process to stop, and connect."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)
    print("somebody connects")
    socket.create_connection(listener.getsockname()).close()


signal.signal(signal.SIGTERM, stop)
listener = socket.create_server(("localhost", 0))
threading.Timer(0.5, tell).start()
while not stopping.is_set():
    listener.accept()
print("the loop has ended")
