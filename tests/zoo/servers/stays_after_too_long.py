"""Wrong, in `lines`: it refuses a line that is too long, but then reads on in the middle of it."""

from lines_server import Conversation, serve


class Staying(Conversation):
    def take(self, received: bytes) -> bytes:
        try:
            return super().take(received)
        except ConnectionAbortedError:
            return b""


serve(Staying)
