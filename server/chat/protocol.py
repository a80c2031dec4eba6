"""Bytes in -> messages; replies -> bytes. Nothing here reads, writes or waits.

Each connection has its own dialect. It takes bytes as they arrive, in pieces of any size, and
returns each message once it is complete. `docs/protocol.md` is the specification.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Literal, NamedTuple, Protocol

ANSWER = "Today we will learn about Multithreading with Socket programming"
MAX_LINE = 8192  # bytes, without the line end
CR = 0x0D  # as a number: for `b"\r" in`, CPython raises and drops a TypeError: 3 % on one core

ERRORS = {
    "busy": "every place is taken, try again later",
    "closing": "the server is shutting down, try again later",
    "idle": "no message arrived for too long",
    "slow": "a line took too long to complete",
    "too-long": f"a line may have {MAX_LINE} bytes at most",
    "utf8": "the line is not valid UTF-8",
}


class Malformed(NamedTuple):
    """A message that cannot be answered: the code says why, the text is what the log can show."""

    code: str
    text: str


Message = str | Malformed


class Dialect(Protocol):
    """What a session needs from the protocol that it speaks."""

    chunk_size: int  # how many bytes to receive at once, at most
    refused: int  # messages so far that cannot be answered

    def __init__(self, thread: str) -> None:
        """Speak as the thread of this name."""

    @property
    def begun(self) -> bool:
        """Whether a message has begun and not ended yet."""

    @property
    def fatal(self) -> Literal["too-long"] | None:
        """The error after which no more bytes may follow, if there was one."""

    def greeting(self) -> bytes:
        """Return what the server sends before the client has sent anything."""

    def receive(self, chunk: bytes) -> Sequence[Message]:
        """Take the next bytes, at least one; return the messages that they complete."""

    def reply(self, messages: Sequence[Message]) -> bytes:
        """Return the replies to these messages of the last `receive`, in order, as one buffer."""

    @staticmethod
    def error(code: str) -> bytes:
        """Return what to send the client for this error."""


class Lines:
    """The default: a message is a line of UTF-8 text, ended by LF or CRLF."""

    chunk_size = 8192

    def __init__(self, thread: str) -> None:
        self.fatal: Literal["too-long"] | None = None
        self._greeting = f"+OK {thread}: ready\r\n".encode()
        self._reply = f"+OK {thread}: {ANSWER}\r\n".encode()
        self._rest = b""  # the line that has begun
        self._malformed = False  # whether a message received last is malformed
        self.refused = 0

    @property
    def begun(self) -> bool:
        return self._rest != b""

    def greeting(self) -> bytes:
        return self._greeting

    def receive(self, chunk: bytes) -> Sequence[Message]:
        stream = self._rest + chunk
        # Usually all lines are short, complete and valid. To decode 16 of them takes 2.9
        # microseconds at once, and 9.5 one by one.
        if stream.endswith(b"\n") and len(stream) <= MAX_LINE and CR not in stream:
            try:
                messages = stream[:-1].decode().split("\n")
            except UnicodeDecodeError:
                pass  # find out which line is invalid
            else:
                self._rest = b""
                self._malformed = False
                return messages
        return self._receive_each(stream)

    def _receive_each(self, stream: bytes) -> list[Message]:
        # Split at LF alone, on bytes: str.splitlines would end a line at U+2028, form feed
        # and more, and a chunk may end in the middle of a character.
        *lines, self._rest = stream.split(b"\n")
        messages = [_decode(line) for line in takewhile(_fits, lines)]
        if len(messages) < len(lines) or not _fits(self._rest):
            self.fatal, self._rest = "too-long", b""
            messages.append(Malformed("too-long", ""))
        malformed = sum(isinstance(message, Malformed) for message in messages)
        self._malformed = malformed > 0
        self.refused += malformed
        return messages

    def reply(self, messages: Sequence[Message]) -> bytes:
        if not self._malformed:  # the usual case; checking each message would cost 3 %
            return self._reply * len(messages)
        return b"".join(
            [self._reply if isinstance(m, str) else self.error(m.code) for m in messages]
        )

    @staticmethod
    def error(code: str) -> bytes:
        return f"-ERR {code}: {ERRORS[code]}\r\n".encode()


def _fits(line: bytes) -> bool:
    # The CR of a CRLF is not part of the line, and it may arrive before its LF.
    return len(line.removesuffix(b"\r")) <= MAX_LINE


def _decode(line: bytes) -> Message:
    text = line.removesuffix(b"\r")
    try:
        return text.decode()
    except UnicodeDecodeError:
        # As ASCII: one wide character among the escapes would take four times the memory.
        return Malformed("utf8", text.decode("ascii", errors="backslashreplace"))


class Handout:
    """The original lab's protocol: whatever one `recv` returns counts as a message.

    No greeting, no framing, no errors: two messages that arrive together get one reply, and one
    that arrives in two pieces gets two. That is the lesson.
    """

    chunk_size = 1024
    refused = 0
    begun = False
    fatal = None

    def __init__(self, thread: str) -> None:
        """Nothing in this dialect tells the client which thread serves it."""

    def greeting(self) -> bytes:
        return b""

    def receive(self, chunk: bytes) -> Sequence[Message]:
        return [chunk.decode(errors="replace")]

    def reply(self, messages: Sequence[Message]) -> bytes:
        return ANSWER.encode() * len(messages)

    @staticmethod
    def error(code: str) -> bytes:  # noqa: ARG004 - this dialect cannot report errors
        return b""


DIALECTS: dict[str, type[Dialect]] = {"lines": Lines, "handout": Handout}
