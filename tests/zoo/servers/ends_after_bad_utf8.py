"""Wrong, in `lines`: a line that is not UTF-8 ends the conversation."""

from lines_server import Conversation, serve


class Strict(Conversation):
    def answer(self, line: bytes) -> str:
        answer = super().answer(line)
        if answer.startswith("-ERR"):
            self.send([answer])
            raise ConnectionAbortedError
        return answer


serve(Strict)
