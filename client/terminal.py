"""A person at a terminal, who reads and types lines; a signal to stop ends the wait."""

import os
import socket
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import TextIO

from client.signals import Stopped, StopSignal, Waitable

CHUNK = 4096
Read = Callable[[int], bytes]  # N -> at most N bytes
ON_WINDOWS = os.name == "nt"


class Terminal:
    """Writes to a stream and reads from a file descriptor.

    It does not use input(), which cannot also wait for a signal, and whose buffer would hide from
    `select` what it has read ahead.
    """

    def __init__(self, source: int, out: TextIO, stop: StopSignal) -> None:
        self._source: Waitable = source
        self._read: Read = partial(os.read, source)
        if ON_WINDOWS:
            self._source = passed_on(source)
            self._read = self._source.recv
        self._out = out
        self._stop = stop
        self._rest = b""  # read, but not returned yet

    def tell(self, text: str) -> None:
        """Print a line with its control characters escaped: a terminal would obey them."""
        shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
        print(*shown, sep="", file=self._out, flush=True)

    def ask(self, question: str) -> str | None:
        """Return the answer without its line end; None at end of input or on a signal to stop."""
        print(question, end="", file=self._out, flush=True)
        try:
            line = self._read_line()
        except Stopped:
            line = b""
        if not line:
            print(file=self._out, flush=True)  # because Enter was not pressed
            return None
        # Bytes that are not UTF-8 stay as they are: the server decides about them.
        return line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="surrogateescape")

    def _read_line(self) -> bytes:
        while b"\n" not in self._rest:
            self._stop.readable(self._source)
            chunk = self._read(CHUNK)
            self._rest += chunk
            if not chunk:  # the end of input: what is left is the last line
                break
        line, end, self._rest = self._rest.partition(b"\n")
        return line + end


def passed_on(source: int) -> socket.socket:
    """Copy a descriptor's input to a socket: Windows can wait for nothing else."""
    ours, theirs = socket.socketpair()

    def read() -> None:
        with theirs:
            while chunk := os.read(source, CHUNK):
                theirs.sendall(chunk)

    Thread(target=read, name="keyboard", daemon=True).start()
    return ours
