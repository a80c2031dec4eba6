"""Has so many clients at the same time ask HOST:PORT, and says when each has its reply."""

import socket
import sys
import threading
import time

host, port = sys.argv[1].rsplit(":", 1)
count = int(sys.argv[2])
all_greeted = threading.Barrier(count)
began = time.monotonic()


def ask() -> None:
    """One client: is greeted, waits until all of them are, asks once and leaves."""
    with (
        socket.create_connection((host, int(port)), timeout=60) as connection,
        connection.makefile("rw", encoding="utf-8") as lines,
    ):
        lines.readline()
        all_greeted.wait()
        print("Hey Server!!!", file=lines, flush=True)
        thread = lines.readline().split(":")[0]
        # The line and its end at once: printed one after the other, two threads' may get mixed up.
        print(f"{thread} had replied after {time.monotonic() - began:.1f} s\n", end="")


for _ in range(count):
    threading.Thread(target=ask).start()
