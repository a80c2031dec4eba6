"""A client of the checked server: every wait ends, and every failure says what was seen.

In `handout` any bytes are a reply, since the original lab marks no end. In `lines` a reply is a
line, and a greeting comes first.
"""

import contextlib
import socket
import struct
import time
from typing import Self

from lanes.check.address import Address
from lanes.check.failure import Failed, Patience, said_of
from lanes.check.protocol import LINE_LIMIT, Complaint, Dialect, ProtocolError, Reply

RESET = struct.pack("ii", 1, 0)  # struct linger {on, 0 seconds}: socket(7), SO_LINGER
CHUNK = 1 << 16  # bytes to receive at once, at most
FLOOD = 1 << 20  # bytes after which a server that should hang up is taken not to
QUIET = 0.05  # seconds without a byte after which a reply without an end counts as whole
MESSAGE = "Hey Server!!! What will we do in today's lab????"


class Caller:
    """Speaks a dialect over a connected socket, which it owns from now on."""

    def __init__(
        self, connected: socket.socket, dialect: Dialect, patience: Patience, *, greets: bool
    ) -> None:
        self.thread: str | None = None  # the one that greeted us
        self._socket = connected
        self._dialect = dialect
        self._patience = patience
        self._greets = greets  # whether the server speaks first

    @property
    def address(self) -> str:
        """Its own end of the connection, as the server sees it, unless NAT is between."""
        host, port, *_ = self._socket.getsockname()
        return str(Address(host.partition("%")[0], port))  # without the interface's name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def be_greeted(self) -> None:
        """Wait for the greeting, if there is one."""
        if self._greets:
            with said_of("the greeting"):
                self.thread = self.reply().thread

    def ask(self, text: str = MESSAGE) -> Reply:
        """Send a message and return the reply."""
        self.say(text)
        return self.reply()

    def say(self, text: str) -> None:
        """Send a message; `lines` ends it, `handout` does not."""
        if not self._dialect.framed:
            self._forget()  # the rest of an earlier reply
        self.send(self._dialect.encode(text))

    def send(self, chunk: bytes) -> None:
        """Send these bytes as they are."""
        try:
            self._by(self._patience.until()).sendall(chunk)
        except TimeoutError:
            raise self._patience.ran_out("the message could not be sent") from None
        except OSError as error:
            raise Failed(f"the message could not be sent: {error.strerror}") from None

    def reply(self, *, whole: bool = True) -> Reply:
        """The next reply, or in `handout` its beginning; a refusal is a failure."""
        answer = self.answer()
        if isinstance(answer, Complaint):
            raise Failed(f"the server said -ERR {answer}")
        if whole and not self._dialect.framed:
            return Reply(None, answer.text + self._rest_of_it())
        return answer

    def answer(self) -> Reply | Complaint:
        """The next reply or refusal."""
        until = self._patience.until()
        try:
            return self._next(until)
        except TimeoutError:
            raise self._patience.ran_out("no answer") from None
        except OSError as error:
            raise Failed(f"the connection broke: {error.strerror}") from None
        except ProtocolError as error:
            raise Failed(f"not an answer: {error}") from None

    def unasked(self) -> str:
        """What arrives though nothing was asked: usually nothing."""
        with contextlib.suppress(OSError, Failed, ProtocolError):
            return str(self._next(time.monotonic() + QUIET))
        return ""

    def is_hung_up_on(self) -> bool:
        """Whether the server hangs up in time, whatever it says before."""
        until = self._patience.until()
        heard = 0
        try:
            while heard < FLOOD and (chunk := self._by(until).recv(CHUNK)):
                heard += len(chunk)
        except TimeoutError:
            self._patience.until()  # raises OutOfTime: then it had no time to hang up
            return False
        except OSError:
            return True  # a reset ends the connection as well
        return heard < FLOOD

    def leave(self) -> None:
        """Close the connection in order: anything left unread would make it a reset."""
        self._forget()
        self._socket.close()

    def end_output(self) -> None:
        """Send nothing more, but keep listening."""
        with contextlib.suppress(OSError):  # the server left first
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish: the server finds the connection reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    def _forget(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.setblocking(False)
            self._socket.recv(FLOOD)

    def _rest_of_it(self) -> str:
        """What else arrives without a pause, up to a limit."""
        more = b""
        until = self._patience.until()
        with contextlib.suppress(OSError):
            while chunk := self._by(min(until, time.monotonic() + QUIET)).recv(CHUNK):
                more += chunk
                if len(more) > LINE_LIMIT:
                    raise Failed(f"a reply that does not end: {len(more):,} bytes so far")
        return more.decode(errors="replace")

    def _next(self, until: float) -> Reply | Complaint:
        while (answer := self._dialect.take()) is None:
            chunk = self._by(until).recv(CHUNK)
            if not chunk:
                raise Failed("the server hung up instead of answering")
            self._dialect.feed(chunk)
        return answer

    def _by(self, until: float) -> socket.socket:
        """The socket, whose next call ends by then."""
        self._socket.settimeout(max(until - time.monotonic(), 0.001))  # 0 would mean not to wait
        return self._socket
