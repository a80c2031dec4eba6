"""Wrong, in `lines`: a lock is held from a line's first byte to its last."""

import socket
import threading

from lines_server import Conversation, serve

lock = threading.Lock()


class Locking(Conversation):
    """Waits for a line without the lock, and for its end with it."""

    def converse(self) -> None:
        while self.client.recv(1, socket.MSG_PEEK):
            with lock:
                rest = b""
                while chunk := self.client.recv(16384):
                    *lines, rest = (rest + chunk).split(b"\n")
                    self.send([self.answer(line.removesuffix(b"\r")) for line in lines])
                    if len(rest) > 8192:
                        self.send(["-ERR too-long: no more than 8192 bytes"])
                        return
                    if not rest:
                        break


serve(Locking)
