"""Has so many clients at the same time ask HOST:PORT, and says when each has its reply.

Each asks when all of them have been greeted; with the argument `as-greeted`, when it is itself.
"""

import socket
import sys
import threading
import time

host, port = sys.argv[1].rsplit(":", 1)
count = int(sys.argv[2])
all_greeted = threading.Barrier(1 if "as-greeted" in sys.argv else count)


def ask(connection: socket.socket) -> None:
    """One client: is greeted, asks once and leaves."""
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        lines.readline()
        all_greeted.wait()
        print("Hey Server!!!", file=lines, flush=True)
        thread = lines.readline().split(":")[0]
        # The line and its end at once: printed one after the other, two threads' may get mixed up.
        print(f"{thread} had replied after {time.monotonic() - began:.1f} s\n", end="")


connections = [socket.create_connection((host, int(port)), timeout=60) for _ in range(count)]
began = time.monotonic()
for one in connections:
    threading.Thread(target=ask, args=(one,)).start()
