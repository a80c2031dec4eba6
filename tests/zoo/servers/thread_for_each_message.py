"""Wrong, in `lines`: each message, rather than each client, gets its own thread."""

import threading

from lines_server import Conversation, serve


class Delegating(Conversation):
    """Starts a thread for each line, and waits for its answer."""

    def answer(self, line: bytes) -> str:
        answers: list[str] = []
        name = f"{threading.current_thread().name}-helper"
        thread = threading.Thread(target=lambda: answers.append(self.reply_to(line)), name=name)
        thread.start()
        thread.join()
        return answers[0]

    def reply_to(self, line: bytes) -> str:
        return super().answer(line)


serve(Delegating)
