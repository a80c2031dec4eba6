"""N clients ask HOST:PORT at the same time, and each prints when it has its reply.

Each asks as soon as all have been greeted; with `as-greeted`, as soon as it has been itself.
"""

import socket
import sys
import threading
import time

if ":" not in sys.argv[1]:
    sys.exit("No server is running.")
host, port = sys.argv[1].rsplit(":", 1)
count = int(sys.argv[2])
all_greeted = threading.Barrier(1 if "as-greeted" in sys.argv else count)


def ask(connection: socket.socket) -> None:
    """One client: it is greeted, asks once and leaves."""
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        lines.readline()
        all_greeted.wait()
        print("Hey Server!!!", file=lines, flush=True)
        thread = lines.readline().split(":")[0]
        # One write for a line and its end; otherwise two threads' lines may be interleaved.
        print(f"{thread} replied after {time.monotonic() - began:.1f} s\n", end="")


connections = [socket.create_connection((host, int(port)), timeout=60) for _ in range(count)]
began = time.monotonic()
for one in connections:
    threading.Thread(target=ask, args=(one,)).start()
