"""A client of the server that is checked: each wait has an end, each failure says what was seen.

What a reply is depends on the dialect. In `handout` any bytes are one, as the original lab has no
end for them; in `lines` it is a line, and a greeting comes first.
"""

import contextlib
import socket
import struct
import time
from typing import NoReturn, Self

from client.check.failure import Failed, Patience, said_of
from client.dialect import LINE_LIMIT, Complaint, Dialect, ProtocolError, Reply

RESET = struct.pack("ii", 1, 0)  # struct linger {on, 0 seconds}: socket(7), SO_LINGER
CHUNK = 1 << 16  # bytes to receive at once, at most
FLOOD = 1 << 20  # bytes after which a server that is to hang up is taken not to
QUIET = 0.05  # seconds without a byte after which a reply without an end is taken to be whole
MESSAGE = "Hey Server!!! What will we do in today's lab????"


class Caller:
    """Speaks a dialect over a connected socket, which it owns from now on."""

    def __init__(
        self, connection: socket.socket, dialect: Dialect, patience: Patience, *, greets: bool
    ) -> None:
        self.thread: str | None = None  # the one that greeted us
        self._socket = connection
        self._dialect = dialect
        self._patience = patience
        self._greets = greets  # whether the server speaks first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def be_greeted(self) -> None:
        """Wait for the greeting, where there is one."""
        if self._greets:
            with said_of("the greeting"):
                self.thread = self.reply().thread

    def ask(self, text: str = MESSAGE) -> Reply:
        """Say a message and return the reply."""
        self.say(text)
        return self.reply()

    def say(self, text: str) -> None:
        """Say a message as the dialect has it: `lines` ends it, `handout` does not."""
        if not self._dialect.framed:
            self._forget()
        self.send(self._dialect.encode(text))

    def send(self, chunk: bytes) -> None:
        """Send these bytes as they are."""
        self._wait_until(self._patience.until())
        try:
            self._socket.sendall(chunk)
        except TimeoutError:
            raise self._patience.ran_out("the message was not taken") from None
        except OSError as error:
            raise Failed(f"the message was not taken: {_words(error)}") from None

    def reply(self, *, whole: bool = True) -> Reply:
        """The next reply, or in `handout` its beginning; a refusal is none."""
        answer = self.answer()
        if isinstance(answer, Complaint):
            raise Failed(f"the server said -ERR {answer}")
        if whole and not self._dialect.framed:
            return Reply(None, answer.text + self._rest_of_it())
        return answer

    def answer(self) -> Reply | Complaint:
        """What is answered next, a refusal too."""
        until = self._patience.until()
        try:
            while (answer := self._dialect.take()) is None:
                self._feed(until)
        except TimeoutError:
            raise self._patience.ran_out("no answer") from None
        except ProtocolError as error:
            raise Failed(f"what came is no answer: {error}") from None
        return answer

    def unasked(self) -> str:
        """What comes though nothing was asked: nothing, mostly."""
        with contextlib.suppress(TimeoutError, Failed, ProtocolError):
            while (answer := self._dialect.take()) is None:
                self._feed(time.monotonic() + QUIET)
            return str(answer)
        return ""

    def is_hung_up_on(self) -> bool:
        """Whether the server hangs up in time, whatever it says before."""
        until = self._patience.until()
        heard = 0
        try:
            while heard < FLOOD:
                if not (chunk := self._receive(until)):
                    return True
                heard += len(chunk)
        except TimeoutError:
            self._patience.until()  # raises OutOfTime: then it had no time to hang up
            return False
        except Failed:
            return True  # a reset ends it as well
        return False

    def leave(self) -> None:
        """Close the connection in order: what came and was not read would make it a reset."""
        self._forget()
        self._socket.close()

    def end_output(self) -> None:
        """Say that nothing more follows, and stay to listen."""
        with contextlib.suppress(OSError):  # the server left first
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish: what the server finds is a connection that was reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    def _forget(self) -> None:
        """What has come by now is the rest of an earlier reply."""
        with contextlib.suppress(OSError):
            self._socket.setblocking(False)
            self._socket.recv(FLOOD)

    def _rest_of_it(self) -> str:
        """What else comes without a pause; its end need not be waited for without end."""
        more = b""
        until = self._patience.until()
        with contextlib.suppress(TimeoutError, Failed):
            while chunk := self._receive(min(until, time.monotonic() + QUIET)):
                more += chunk
                if len(more) > LINE_LIMIT:
                    break
        if len(more) > LINE_LIMIT:
            raise Failed(f"a reply that does not end: {len(more):,} bytes, and more")
        return more.decode(errors="replace")

    def _feed(self, until: float) -> None:
        chunk = self._receive(until)
        if not chunk:
            _hung_up()
        self._dialect.feed(chunk)

    def _receive(self, until: float) -> bytes:
        """The next bytes, b"" at the end of the stream; raises TimeoutError."""
        self._wait_until(until)
        try:
            return self._socket.recv(CHUNK)
        except TimeoutError:
            raise
        except OSError as error:
            raise Failed(_words(error)) from None

    def _wait_until(self, until: float) -> None:
        self._socket.settimeout(max(until - time.monotonic(), 0.001))  # 0 would be not to wait


def _hung_up() -> NoReturn:
    raise Failed("the server hung up instead of answering")


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
