"""A server of tests/zoo, whose answers are replaced by the thread's ids: NAME PORT."""

import runpy
import socket
import sys
import threading
import time
from pathlib import Path

from answering import ids, work

ZOO = Path(__file__).parents[2] / "zoo" / "servers"
heard = threading.local()


class Saying(socket.socket):
    """Remembers what the thread received last, and answers that with the thread's ids."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        heard.last = came = super().recv(size, flags)
        return came

    def sendall(self, _answer: object, flags: int = 0, /) -> None:
        time.sleep(work(heard.last.decode()))
        super().sendall(ids(), flags)

    def send(self, _answer: object, flags: int = 0, /) -> int:
        self.sendall(b"", flags)
        return 0


_, name, port = sys.argv
socket.socket = Saying  # type: ignore[misc]  # accept() returns these, too
sys.argv = [name, port]
runpy.run_path(str(ZOO / f"{name}.py"), run_name="__main__")
