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
FLOOD = 1 << 20  # bytes after which a server that should hang up is taken not to
ENDLESS = 1 << 16  # bytes after which a reply is taken to have no end
QUIET = 0.05  # seconds without a byte after which a reply without an end counts as whole


def is_ready(connected: socket.socket, seconds: float) -> bool:
    """Whether there are bytes to be read, or the end of them, now or within that time."""
    if isinstance(connected, TlsSocket):
        return connected.is_ready(seconds)
    return bool(select.select([connected], [], [], max(seconds, 0))[0])


class Connection:
    """Owns a connected socket from now on, and leaves in whatever way it is told to."""

    def __init__(self, connected: socket.socket, patience: Patience) -> None:
        self._socket = connected
        self._patience = patience
        self._sent_at: float | None = None  # an answer is due from then on
        self.quiet = QUIET

    @property
    def address(self) -> str:
        """Its own end, as the server sees it, unless NAT is between."""
        host, port, *_ = self._socket.getsockname()
        return str(Address(host.partition("%")[0], port))  # without the interface's name

    @property
    def due(self) -> float:
        """When an answer to what was sent last is overdue; raises OutOfTime."""
        return self._patience.until(self._sent_at)

    @property
    def waits(self) -> float:
        """Seconds since it has sent something."""
        return time.monotonic() - self._sent_at if self._sent_at else 0.0

    def fileno(self) -> int:
        """For `select` and its kin."""
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
            raise HungUp(f"the message could not be sent: {error.strerror}") from None
        self._sent_at = time.monotonic()

    def receive(self, until: float) -> bytes:
        """What arrives by then, at least a byte."""
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
        """Whether bytes are there, or arrive within that time; they stay there to be read."""
        if is_ready(self._socket, seconds):
            with contextlib.suppress(OSError):
                return bool(self._socket.recv(1, socket.MSG_PEEK))
        return False

    def is_hung_up_on(self, seconds: float) -> bool:
        """Whether the server has nothing more to say, now or within that time."""
        return is_ready(self._socket, seconds) and not self.hears()

    def wait_for_answer(self) -> None:
        """Wait until an answer begins, and leave it unread."""
        if not is_ready(self._socket, self.due - time.monotonic()):
            raise self._patience.ran_out("no answer")
        if not self.hears():
            raise HungUp("the server hung up instead of answering")

    def wait_anew(self) -> None:
        """Give the server its full time once more, from now on."""
        self._sent_at = None

    def rest(self) -> bytes:
        """What else arrives without a pause; raises Failed if that has no end."""
        more = b""
        until = self._patience.until()
        with contextlib.suppress(OSError):
            while chunk := self._by(min(until, time.monotonic() + self.quiet)).recv(CHUNK):
                more += chunk
                if len(more) > ENDLESS:
                    raise Endless(f"a reply that does not end: {len(more):,} bytes so far")
        return more

    def forget(self) -> bytes:
        """Drop what has arrived."""
        with contextlib.suppress(OSError):
            self._socket.setblocking(False)
            return self._socket.recv(FLOOD)
        return b""

    def be_hung_up_on(self) -> None:
        """Wait for the server to hang up, whatever it says before; raises Failed if it does not."""
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
        """Close the connection in order: anything left unread would make it a reset."""
        self.forget()
        self.end_output()  # over TLS that is more than to close it
        self._socket.close()

    def abandon(self) -> None:
        """Close the connection, and leave unread what has arrived."""
        self._socket.close()

    def end_output(self) -> None:
        """Send nothing more, but keep listening."""
        with contextlib.suppress(OSError):  # the server left first
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Vanish: the server finds the connection reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._socket.close()

    def _by(self, until: float) -> socket.socket:
        """The socket, whose next call ends by then."""
        self._socket.settimeout(max(until - time.monotonic(), 0.001))  # 0 would mean not to wait
        return self._socket
