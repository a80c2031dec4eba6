"""Right, in `lines`: a thread for each client; a line is a message, however it arrives."""

import socket
import sys
import threading

ANSWER = "Today we will learn about Multithreading with Socket programming"
LONGEST = 8192  # bytes, without the line end


class Conversation:
    """One client's conversation. Servers that are wrong in one way derive from this class."""

    def __init__(self, client: socket.socket) -> None:
        self.client = client

    def run(self) -> None:
        with self.client:
            try:
                self.send([self.reply("ready")])
                self.converse()
            except OSError:
                pass  # the client has gone

    def converse(self) -> None:
        rest = b""
        while chunk := self.client.recv(16384):
            rest = self.take(rest + chunk)

    def take(self, received: bytes) -> bytes:
        """Answer the complete lines; return the rest."""
        *lines, rest = received.split(b"\n")
        self.send([self.answer(line.removesuffix(b"\r")) for line in lines])
        if len(rest) > LONGEST:
            self.send(["-ERR too-long: no more than 8192 bytes"])
            raise ConnectionAbortedError
        return rest

    def answer(self, line: bytes) -> str:
        try:
            line.decode()
        except UnicodeDecodeError:
            return "-ERR utf8: this is no UTF-8"
        return self.reply(ANSWER)

    def reply(self, text: str) -> str:
        return f"+OK {threading.current_thread().name}: {text}"

    def send(self, answers: list[str]) -> None:
        self.client.sendall("".join(f"{answer}\r\n" for answer in answers).encode())


def serve(conversation: type[Conversation]) -> None:
    with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener:
        number = 0
        while True:
            client, _ = listener.accept()
            number += 1
            run = conversation(client).run
            threading.Thread(target=run, name=f"Thread-{number}", daemon=True).start()


if __name__ == "__main__":
    serve(Conversation)
