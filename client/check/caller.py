"""A client of the server that is checked: each wait has an end, each failure says what was seen.

What a reply is depends on the dialect. In `handout` any bytes are one, as the original lab has no
end for them; in `lines` it is a line, and a greeting comes first.
"""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from client.dialect import LINE_LIMIT, Complaint, Dialect, ProtocolError, Reply

RESET = struct.pack("ii", 1, 0)  # struct linger {on, 0 seconds}: socket(7), SO_LINGER
CHUNK = 1 << 16  # bytes to receive at once, at most
FLOOD = 1 << 20  # bytes after which a server that is to hang up is taken not to
QUIET = 0.05  # seconds without a byte after which a reply without an end is taken to be whole
MESSAGE = "Hey Server!!! What will we do in today's lab????"


class Failed(Exception):
    """The claim does not hold; the text is the evidence."""


@contextmanager
def said_of(whom: str) -> Iterator[None]:
    """Say of whom, or of what, it was, where it fails."""
    try:
        yield
    except Failed as failure:
        raise type(failure)(f"{whom}: {failure}") from None


class Caller:
    """Speaks a dialect over a connected socket, which it owns from now on."""

    def __init__(
        self, connection: socket.socket, dialect: Dialect, patience: Callable[[], float]
    ) -> None:
        self.thread: str | None = None  # the one that greeted us
        self._socket = connection
        self._dialect = dialect
        self._patience = patience  # seconds that the next wait may take

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def be_greeted(self) -> None:
        """Wait for the greeting, where the dialect has one."""
        if self._dialect.framed:
            with said_of("the greeting"):
                self.thread = self.reply().thread

    def ask(self, text: str = MESSAGE) -> Reply:
        """Say a message and return the reply."""
        self.say(text)
        return self.reply()

    def say(self, text: str) -> None:
        """Say a message as the dialect has it: `lines` ends it, `handout` does not."""
        self.send(self._dialect.encode(text))

    def send(self, chunk: bytes) -> None:
        """Send these bytes as they are."""
        self._socket.settimeout(self._patience())
        try:
            self._socket.sendall(chunk)
        except OSError as error:
            raise Failed(f"what it said was not taken: {_words(error)}") from None

    def reply(self) -> Reply:
        """The next reply; a refusal is none."""
        reply = self.beginning()
        if self._dialect.framed:
            return reply
        return Reply(None, reply.text + self._until_quiet())

    def beginning(self) -> Reply:
        """The reply, or in `handout` as much of it as comes first."""
        answer = self.answer()
        if isinstance(answer, Complaint):
            raise Failed(f"the server said -ERR {answer}")
        return answer

    def answer(self) -> Reply | Complaint:
        """What is answered next, a refusal too."""
        patience = self._patience()
        until = time.monotonic() + patience
        try:
            while (answer := self._dialect.take()) is None:
                self._dialect.feed(self._receive(until) or _hung_up())
        except TimeoutError:
            raise Failed(f"no answer within {patience:.2g} s") from None
        except ProtocolError as error:
            raise Failed(f"what it said is no answer: {error}") from None
        return answer

    def unasked(self) -> str:
        """What comes though nothing was asked: nothing, mostly."""
        with contextlib.suppress(TimeoutError, Failed, ProtocolError):
            while (answer := self._dialect.take()) is None:
                self._dialect.feed(self._receive(time.monotonic() + QUIET) or _hung_up())
            return str(answer)
        return ""

    def is_hung_up_on(self) -> bool:
        """Whether the server hangs up in time, whatever it says before."""
        until = time.monotonic() + self._patience()
        heard = 0
        try:
            while heard < FLOOD:
                self._socket.settimeout(max(until - time.monotonic(), 0.001))
                if not (chunk := self._socket.recv(CHUNK)):
                    return True
                heard += len(chunk)
        except TimeoutError:
            return False
        except OSError:
            return True  # a reset ends it as well
        return False

    def leave(self) -> None:
        """Close the connection in order: what came and was not read would make it a reset."""
        with contextlib.suppress(OSError):
            self._socket.setblocking(False)
            self._socket.recv(FLOOD)
        self._socket.close()

    def end_output(self) -> None:
        """Say that nothing more follows, and stay to listen."""
        with contextlib.suppress(OSError):  # the server left first
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish: what the server finds is a connection that was reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    def _until_quiet(self) -> str:
        """What else comes without a pause; so much, and for so long, at the most."""
        more = b""
        until = time.monotonic() + self._patience()
        with contextlib.suppress(TimeoutError, Failed):
            while len(more) < LINE_LIMIT:
                chunk = self._receive(min(until, time.monotonic() + QUIET))
                if not chunk:
                    break
                more += chunk
        return more.decode(errors="replace")

    def _receive(self, until: float) -> bytes:
        """The next bytes, b"" at the end of the stream; raises TimeoutError."""
        self._socket.settimeout(max(until - time.monotonic(), 0.001))  # 0 would be not to wait
        try:
            return self._socket.recv(CHUNK)
        except TimeoutError:
            raise
        except OSError as error:
            raise Failed(_words(error)) from None


def _hung_up() -> bytes:
    raise Failed("the server hung up instead of answering")


def _words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "out of time"
    return (error.strerror or str(error)).lower()
