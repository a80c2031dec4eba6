"""One accepted socket, on which the kernel bounds every wait.

`SO_RCVTIMEO` and `SO_SNDTIMEO` (socket(7)) bound a blocking call; `settimeout` would cost a `poll`
for every call.
"""

import contextlib
import fcntl
import math
import select
import socket
import struct
import sys
import termios
import threading
import time

LINGER_SECONDS = 1.0
LINGER_BYTES = 256 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger {on, 0 seconds}: socket(7), SO_LINGER


class TimedOut(Exception):
    """The peer was too slow. Not TimeoutError, which is also ETIMEDOUT, a lost peer."""


class Unread(Exception):
    """TLS had to send while we were receiving, and that send timed out."""


def set_timeout(of: socket.socket, option: int, seconds: float) -> None:
    """Set a socket's SO_RCVTIMEO or SO_SNDTIMEO. Raises TimedOut if no time is left."""
    if seconds <= 0:  # to the kernel, 0 would mean forever
        raise TimedOut
    whole, fraction = divmod(seconds, 1)
    timeval = struct.pack("@ll", int(whole), max(int(fraction * 1e6), 1))
    of.setsockopt(socket.SOL_SOCKET, option, timeval)


class Connection:
    """A TCP connection to one client. Times are in seconds. OSError means that the peer is gone.

    One thread at a time receives, sends and closes; another may wake it: `end_input`, `abort`.
    The time-outs passed in are those that the socket has inherited from the listening socket.
    """

    def __init__(
        self,
        accepted: socket.socket,
        receive_timeout: float = math.inf,
        send_timeout: float = math.inf,
    ) -> None:
        self._socket = accepted
        # Guards which end was ended first, and the descriptor, which is reused once it is closed.
        self._lock = threading.Lock()
        self._input_ended = False
        self._output_ended = False
        self._rest: int | None = None  # bytes left to read after the input was ended
        # The kernel's current values: each change costs 2 of a message's 15 microseconds.
        self._receive_timeout = receive_timeout
        self._send_timeout = send_timeout

    def receive(self, size: int, timeout: float) -> bytes:
        """Return the next bytes, at most `size`; b"" at the end. Raises TimedOut or OSError."""
        if self._input_ended:
            return self._receive_rest(size)
        if timeout != self._receive_timeout:
            set_timeout(self._socket, socket.SO_RCVTIMEO, timeout)
            self._receive_timeout = timeout
        try:
            return self._socket.recv(size)
        except BlockingIOError:  # how the kernel reports that SO_RCVTIMEO ran out
            raise TimedOut from None

    def _receive_rest(self, size: int) -> bytes:
        """Return what had arrived when the input was ended, then the end of the stream.

        The kernel keeps queueing after SHUT_RD, so a peer that never pauses would never end.
        """
        if self._rest is None:
            self._rest = self._kernel_count(termios.FIONREAD)
        chunk = self._socket.recv(min(size, self._rest))
        self._rest -= len(chunk)
        return chunk

    def send(self, buffer: bytes, timeout: float) -> None:
        """Send the whole buffer within the time-out. Raises TimedOut or OSError."""
        # Not `sendall`, which would restart the time-out with every piece.
        deadline = time.monotonic() + timeout
        while buffer:
            if timeout != self._send_timeout:
                set_timeout(self._socket, socket.SO_SNDTIMEO, timeout)
                self._send_timeout = timeout
            try:
                sent = self._socket.send(buffer)
            except BlockingIOError:
                raise TimedOut from None
            if sent == len(buffer):
                return
            buffer = buffer[sent:]
            timeout = deadline - time.monotonic()

    def end_output(self, last_words: bytes, seconds: float) -> int:
        """Send the last words and end the output; return how many bytes were sent.

        If the input was ended, first waits up to `seconds` until the peer has everything that was
        sent before. Raises OSError if the peer disappears, or the connection is aborted.
        """
        with self._lock:
            self._output_ended = True
        if self._input_ended:
            self._flush(seconds)
        sent = 0
        with contextlib.suppress(OSError):  # the buffer is full, or the peer is gone
            sent = self._socket.send(last_words, socket.MSG_DONTWAIT)
            self._socket.shutdown(socket.SHUT_WR)
        return sent

    def _flush(self, seconds: float) -> None:
        """Wait until the peer has acknowledged everything that was sent.

        Once both directions are shut down, the kernel answers anything that the peer still sends
        with a reset, which discards what the peer has not acknowledged.
        """
        deadline = time.monotonic() + seconds
        gone = select.poll()
        gone.register(self._socket, 0)  # POLLERR and POLLHUP are reported anyway
        while self._kernel_count(termios.TIOCOUTQ) and time.monotonic() < deadline:
            if gone.poll(5):  # milliseconds: the kernel has no event for an acknowledgement
                raise ConnectionAbortedError

    def _kernel_count(self, queue: int) -> int:
        """Return the bytes in a queue: FIONREAD (SIOCINQ) or TIOCOUTQ (SIOCOUTQ) of tcp(7)."""
        return int.from_bytes(fcntl.ioctl(self._socket, queue, bytes(4)), sys.byteorder)

    def linger(self, deadline: float) -> None:
        """Close once the peer has; at the latest at `deadline` (monotonic) or after 256 KiB.

        If we closed at once, bytes still on their way would be answered with a reset, which may
        destroy the last words before the peer has read them (RFC 9112, section 9.6).
        """
        drained = 0
        # Out of time, or the peer is gone: either way there is nothing left to wait for.
        with contextlib.suppress(TimedOut, OSError):
            while drained < LINGER_BYTES:
                chunk = self.receive(LINGER_BYTES, deadline - time.monotonic())
                if not chunk:
                    break
                drained += len(chunk)
        self.close()

    def end_input(self) -> None:
        """Let the receiving thread read what has arrived, and then the end of the stream.

        Does nothing once the output has ended, because lingering has a deadline anyway.
        """
        with self._lock, contextlib.suppress(OSError):  # the connection has ended already
            if not self._output_ended:
                self._input_ended = True
                self._socket.shutdown(socket.SHUT_RD)

    def abort(self) -> None:
        """Wake the thread that uses the connection; its `close` then resets the peer."""
        with self._lock, contextlib.suppress(OSError):  # the connection has ended already
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        with self._lock:
            self._socket.close()
