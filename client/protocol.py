"""Bytes in -> replies; messages -> bytes. Nothing here reads, writes or waits.

Each connection has its own dialect. `feed` takes bytes in whatever pieces they arrive; `take`
returns each answer once, as soon as it is complete. `docs/protocol.md` is the specification.
The texts come from the other side: escape them before you print them.
"""

import re
from typing import NamedTuple

LINE_LIMIT = 64 * 1024  # bytes; a server that never ends its line must not fill our memory
SHOWN = 80  # characters of a strange line that an error quotes


class Reply(NamedTuple):
    """`+OK`: what was answered, and by which thread (None: the dialect does not say)."""

    thread: str | None
    text: str


class Complaint(NamedTuple):
    """`-ERR`: why there is no reply, as a code for programs and an explanation for people."""

    code: str
    explanation: str

    def __str__(self) -> str:
        return f"{self.code}: {self.explanation}"


TLS_ALERT = b"\x15\x03"


class ProtocolError(Exception):
    """The server sent something that is not an answer in this dialect; the text quotes it."""


class Lines:
    """The default: each answer is a line, `+OK <thread>: <text>` or `-ERR <code>: <why>`."""

    framed = True  # the server greets, and its answers have an end
    _OK = re.compile(r"\+OK ([^\s:]+): (.*)", re.DOTALL)
    _ERR = re.compile(r"-ERR ([a-z0-9-]+): (.*)", re.DOTALL)

    def __init__(self) -> None:
        self._rest = b""

    def encode(self, message: str) -> bytes:
        """Return the bytes to send for a message; ValueError if it cannot be sent."""
        if "\n" in message:
            raise ValueError("a message is one line and cannot contain a line break")
        # CRLF, so that a CR at the end of a message stays part of it. Bytes from a keyboard that
        # are not UTF-8 are sent as they are.
        return message.encode(errors="surrogateescape") + b"\r\n"

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes, at least one."""
        self._rest += chunk

    def take(self) -> Reply | Complaint | None:
        """Return the next answer, or None until it is complete; may raise ProtocolError."""
        if self._rest.startswith(TLS_ALERT):
            raise ProtocolError("a TLS alert (connect with --tls)")
        line, end, rest = self._rest.partition(b"\n")
        line = line.removesuffix(b"\r")
        quoted = f"'{line[: 4 * SHOWN].decode(errors='replace')[:SHOWN]}'"
        if len(line) > LINE_LIMIT:
            raise ProtocolError(f"a line of over {LINE_LIMIT} bytes, {quoted}")
        if not end:
            return None
        self._rest = rest
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise ProtocolError(quoted) from None
        if ok := self._OK.fullmatch(text):
            return Reply(ok[1], ok[2])
        if err := self._ERR.fullmatch(text):
            return Complaint(err[1], err[2])
        raise ProtocolError(quoted)


class Handout:
    """The original lab's: no greeting and no line ends; what one `recv` returns is the reply."""

    framed = False

    def __init__(self) -> None:
        self._chunk = b""

    def encode(self, message: str) -> bytes:
        if not message:
            raise ValueError(
                "an empty message cannot be sent with `handout`, which does not mark where a "
                "message ends"
            )
        return message.encode(errors="surrogateescape")

    def feed(self, chunk: bytes) -> None:
        self._chunk = chunk

    def take(self) -> Reply | None:
        chunk, self._chunk = self._chunk, b""
        return Reply(None, chunk.decode(errors="replace")) if chunk else None


Dialect = Lines | Handout
DIALECTS: dict[str, type[Dialect]] = {"lines": Lines, "handout": Handout}
