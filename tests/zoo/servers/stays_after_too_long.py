"""Wrong, in `lines`: it refuses a line that is too long, and goes on in the middle of it."""

from lines_server import LONGEST, Conversation, serve


class Staying(Conversation):
    """Forgets what it has of the line, and waits for more."""

    def converse(self) -> None:
        rest = b""
        while chunk := self.client.recv(16384):
            *lines, rest = (rest + chunk).split(b"\n")
            self.send([self.answer(line.removesuffix(b"\r")) for line in lines])
            if len(rest) > LONGEST:
                self.send(["-ERR too-long: no more than 8192 bytes"])
                rest = b""


serve(Staying)
