"""Wrong, in `lines`: it holds a lock from a line's first byte to its last."""

import socket
import threading

from lines_server import Conversation, serve

lock = threading.Lock()


class Locking(Conversation):
    def converse(self) -> None:
        while self.client.recv(1, socket.MSG_PEEK):
            with lock:
                rest = self.take(self.client.recv(16384))
                while rest and (chunk := self.client.recv(16384)):
                    rest = self.take(rest + chunk)


serve(Locking)
