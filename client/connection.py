"""One TCP connection, from the greeting to the close: one message out, one answer in.

It cannot be used again once it has raised Lost or Hopeless.
"""

import contextlib
import select
import socket
import time

from client.protocol import Complaint, Dialect, ProtocolError, Reply
from client.signals import StopSignal

CHUNK = 64 * 1024  # bytes to receive at once, at most
TRY_AGAIN = {"busy", "closing", "idle", "slow"}  # on a new connection
GO_ON = {"utf8", "unsendable"}  # after any other code the server may end the connection


class Lost(Exception):
    """The connection cannot be used any more; a new one may work."""


class Hopeless(Exception):
    """The server is wrong; a new connection would not help."""


class Refused(Exception):
    """The server will not take the message, now or later."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(str(complaint))
        self.connection_goes_on = complaint.code in GO_ON


class Connection:
    """Speaks a dialect over a connected socket, which it owns from now on."""

    def __init__(self, connected: socket.socket, dialect: Dialect, server: str) -> None:
        self.thread: str | None = None  # the thread that serves us, from the greeting
        self.heard = False  # whether the server has sent anything
        self._socket = connected
        self._dialect = dialect
        self._server = server

    def is_silent(self, stop: StopSignal, seconds: float) -> bool:
        """Return whether the server does nothing for `seconds`; raises Stopped on a signal."""
        return not stop.readable(self._socket, seconds)

    def await_greeting(self, stop: StopSignal, seconds: float) -> None:
        """Wait until a thread greets us; a signal to stop ends the wait with Stopped."""
        try:
            greeting = self._receive(seconds, stop)
        except TimeoutError:
            raise Hopeless(
                f"{self._server} accepted the connection, but no thread sent a greeting within "
                f"{seconds:g} s: are all threads busy, or is this the wrong port?"
            ) from None
        except ProtocolError as error:
            raise Hopeless(
                f"{self._server} is not a Thread Lanes server: it greeted with {error}; "
                "is the port right?"
            ) from None
        if isinstance(greeting, Complaint):
            raise Lost(f"the server says {greeting}")
        self.thread = greeting.thread

    def check_silence(self) -> None:
        """Raise Lost if the server has left, or Hopeless if it has answered unasked."""
        if not self._dialect.framed:
            return  # a chunk may be the rest of the last reply
        try:
            unasked = self._receive(0)
        except TimeoutError:
            return
        except ProtocolError as error:
            raise Hopeless(f"the server sent unsolicited data: {error}") from None
        if isinstance(unasked, Reply):
            raise Hopeless(f"the server sent an unsolicited reply: '{unasked.text}'")
        raise Lost(f"the server says {unasked}")

    def ask(self, message: str, seconds: float) -> Reply:
        """Send a message and return the reply, both within `seconds`.

        No signal interrupts this. Raises Refused, Lost or Hopeless.
        """
        deadline = time.monotonic() + seconds
        try:
            encoded = self._dialect.encode(message)
        except ValueError as error:
            raise Refused(Complaint("unsendable", str(error))) from None
        self._send(encoded, seconds)
        try:
            answer = self._receive(deadline - time.monotonic())
        except TimeoutError:
            raise Lost(f"no reply within {seconds:g} s") from None
        except ProtocolError as error:
            raise Hopeless(f"the server answered with {error}, which is no reply") from None
        if isinstance(answer, Reply):
            if answer.thread != self.thread:
                raise Hopeless(f"{self.thread} greeted us, but {answer.thread} replied")
            return answer
        if answer.code in TRY_AGAIN:
            raise Lost(f"the server says {answer}")
        raise Refused(answer)

    def close(self) -> None:
        self._socket.close()

    def _send(self, encoded: bytes, seconds: float) -> None:
        self._socket.settimeout(seconds)
        # A server that ends the connection says why first (too-long, idle, closing), so a failed
        # send is not the end: the next read has the reason, or finds the connection gone.
        with contextlib.suppress(OSError):
            self._socket.sendall(encoded)

    def _receive(self, seconds: float, stop: StopSignal | None = None) -> Reply | Complaint:
        deadline = time.monotonic() + seconds
        while (answer := self._dialect.take()) is None:
            left = max(0.0, deadline - time.monotonic())
            if stop:
                ready = stop.readable(self._socket, left)
            else:
                ready = bool(select.select([self._socket], [], [], left)[0])
            if not ready:
                raise TimeoutError
            try:
                chunk = self._socket.recv(CHUNK)
            except BlockingIOError:  # over TLS: the record is not complete yet
                continue
            except OSError as error:
                raise Lost(f"the connection broke: {error.strerror or error}") from None
            if not chunk:
                raise Lost("the server closed the connection")
            self._dialect.feed(chunk)
        self.heard = True
        return answer
