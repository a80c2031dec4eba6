"""A connection to the checked server: every wait ends, and every failure says what was seen."""

import contextlib
import select
import socket
import struct
import time
from typing import Self

from lanes.check.address import Address
from lanes.check.failure import Endless, Failed, HungUp, Patience
from lanes.check.tls import TlsSocket

RESET = struct.pack("ii", 1, 0)  # struct linger {on, 0 seconds}: socket(7), SO_LINGER
CHUNK = 1 << 16  # bytes to receive at once, at most
FLOOD = 1 << 20  # bytes; a server that sends this many when it should hang up has failed to
ENDLESS = 1 << 20  # bytes after which a reply counts as endless
LONG = 1 << 16  # bytes after which one that still comes when the time is up does, too
QUIET = 0.05  # seconds of silence after which a reply without an end mark counts as whole


def is_ready(connected: socket.socket, seconds: float) -> bool:
    """Whether bytes, or the end of the stream, can be read within `seconds`."""
    if isinstance(connected, TlsSocket):
        return connected.is_ready(seconds)
    return bool(select.select([connected], [], [], max(seconds, 0))[0])


class Connection:
    """Owns a connected socket, and can leave in several ways."""

    def __init__(self, connected: socket.socket, patience: Patience) -> None:
        self._socket = connected
        self._patience = patience
        self._sent_at: float | None = None  # the time-out for an answer starts then
        self.quiet = QUIET

    @property
    def address(self) -> str:
        """The client's own address, as the server sees it unless NAT is in between."""
        host, port, *_ = self._socket.getsockname()
        return str(Address(host.partition("%")[0], port))  # without the interface's name

    @property
    def due(self) -> float:
        """When an answer to the last message is overdue; raises OutOfTime."""
        return self._patience.until(self._sent_at)

    @property
    def waits(self) -> float:
        """Seconds since it last sent something, or 0."""
        return time.monotonic() - self._sent_at if self._sent_at else 0.0

    def fileno(self) -> int:
        """Return the descriptor, for `select` and the like."""
        return self._socket.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def send(self, chunk: bytes) -> None:
        """Send these bytes as they are."""
        try:
            self._by(self._patience.until()).sendall(chunk)
        except TimeoutError:
            raise self._patience.ran_out("the message could not be sent") from None
        except OSError as error:
            sent = "the connection ended before the message was sent"
            raise HungUp(f"{sent} ({error.strerror})") from None
        self._sent_at = time.monotonic()

    def receive(self, until: float) -> bytes:
        """Return what arrives before `until`, at least one byte."""
        try:
            chunk = self._by(until).recv(CHUNK)
        except TimeoutError:
            raise self._patience.ran_out("no answer") from None
        except OSError as error:
            raise HungUp(f"the connection broke: {error.strerror}") from None
        if not chunk:
            raise HungUp("the server hung up instead of answering")
        return chunk

    def hears(self, seconds: float = 0) -> bool:
        """Whether there are bytes within `seconds`; they stay there to be read."""
        if is_ready(self._socket, seconds):
            with contextlib.suppress(OSError):
                return bool(self._socket.recv(1, socket.MSG_PEEK))
        return False

    def is_hung_up_on(self, seconds: float) -> bool:
        """Whether the server hangs up within `seconds`, with nothing left to read."""
        return is_ready(self._socket, seconds) and not self.hears()

    def wait_for_answer(self) -> None:
        """Wait until an answer begins, and leave it unread."""
        if not is_ready(self._socket, self.due - time.monotonic()):
            raise self._patience.ran_out("no answer")
        if not self.hears():
            raise HungUp("the server hung up instead of answering")

    def wait_anew(self) -> None:
        """Give the server its full time again, from now on."""
        self._sent_at = None

    def rest(self) -> bytes:
        """Return what else arrives without a pause; raises Endless if it does not stop."""
        more = b""
        until = self._patience.until()
        with contextlib.suppress(OSError):
            while len(more) <= ENDLESS and (
                chunk := self._by(min(until, time.monotonic() + self.quiet)).recv(CHUNK)
            ):
                more += chunk
        if len(more) > (LONG if time.monotonic() >= until else ENDLESS):
            raise Endless(f"a reply that does not end: {len(more):,} bytes so far")
        return more

    def forget(self) -> bytes:
        """Drop what has arrived, and return it."""
        with contextlib.suppress(OSError):
            self._socket.setblocking(False)
            return self._socket.recv(FLOOD)
        return b""

    def be_hung_up_on(self) -> None:
        """Wait for the server to hang up, whatever it sends first; raises Failed if it does not."""
        until = self._patience.until()
        heard = 0
        try:
            while heard < FLOOD:
                if not (chunk := self._by(until).recv(CHUNK)):
                    return
                heard += len(chunk)
        except TimeoutError:
            raise self._patience.ran_out("the server did not hang up") from None
        except OSError:
            return  # a reset ends the connection as well
        raise Failed(f"the server did not hang up, but sent {heard:,} bytes")

    def leave(self) -> None:
        """Close the connection cleanly: anything left unread would cause a reset."""
        self.forget()
        self.end_output()  # over TLS, this sends close_notify
        self._socket.close()

    def abandon(self) -> None:
        """Close the connection without reading what has arrived."""
        self._socket.close()

    def end_output(self) -> None:
        """Send nothing more, but keep listening."""
        with contextlib.suppress(OSError):  # the server left first
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish: the server sees a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    def _by(self, until: float) -> socket.socket:
        """Return the socket, with a time-out that ends its next call at `until`."""
        self._socket.settimeout(max(until - time.monotonic(), 0.001))  # 0 would mean not to wait
        return self._socket
