"""The clients' messages in the log: one line for each, rendered by the log's own thread.

    Session -> Transcript.note -> LogWriter.emit_lines -> the thread `log`

A logger call for each message would cost more than the message. This costs 1.3 microseconds.
"""

import sys
import threading
import time
from collections.abc import Sequence
from functools import partial

from server.chat.protocol import Malformed, Message
from server.log.lines import Facts, Render
from server.log.writer import RECORD_BYTES, LogWriter

RECEIVED = "received from the client"


class Transcript:
    """Logs the messages of every conversation; any thread may use it."""

    def __init__(self, writer: LogWriter, render: Render) -> None:
        self._writer = writer
        self._render = render

    def note(self, peer: str, messages: Sequence[Message]) -> None:
        """Have a line written for each message that the calling thread got from this peer."""
        thread = threading.current_thread().name
        render = partial(self._lines, time.time(), thread, peer, messages)
        lines = len(messages)
        self._writer.emit_lines(render, lines, lines * RECORD_BYTES + sum(map(_size, messages)))

    def _lines(self, at: float, thread: str, peer: str, messages: Sequence[Message]) -> str:
        """Render the lines as structlog would have."""
        render = self._render
        facts = [_facts(peer, message) for message in messages]
        return "\n".join([render(at, "info", thread, RECEIVED, fact) for fact in facts])


def _facts(peer: str, message: Message) -> Facts:
    if isinstance(message, Malformed):
        return {"peer": peer, "text": message.text, "error": message.code}
    return {"peer": peer, "text": message}


def _size(message: Message) -> int:
    return sys.getsizeof(message.text if isinstance(message, Malformed) else message)
