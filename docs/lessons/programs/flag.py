"""A server whose signal handler sets a flag. A second after the signal a client connects."""

import os
import signal
import socket
import threading
import time

stopping = threading.Event()


def stop(_number: int, _frame: object) -> None:
    """Set the flag: this handler does nothing else."""
    print("SIGTERM: the flag is set")
    stopping.set()


def stop_and_connect() -> None:
    """Send this process a signal, and connect a second later."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)
    print("a client connects")
    socket.create_connection(listener.getsockname()).close()


signal.signal(signal.SIGTERM, stop)
listener = socket.create_server(("localhost", 0))
threading.Timer(0.5, stop_and_connect).start()
while not stopping.is_set():
    listener.accept()
print("the loop has ended")
