"""A person, who is told lines and asked for lines; a signal to stop ends the wait for an answer."""

import os
from typing import TextIO

from client.stop import Stopped, StopSignal


class Terminal:
    """Writes to a stream and reads from a file descriptor.

    Not with input(): it cannot wait for a signal as well, and its buffer would hide from `select`
    what was read ahead.
    """

    def __init__(self, source: int, out: TextIO, stop: StopSignal) -> None:
        self._source = source
        self._out = out
        self._stop = stop
        self._rest = b""  # read, but not yet asked for

    def tell(self, text: str) -> None:
        """Print a line, whose unprintable characters are escaped: a terminal obeys them."""
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
            print(file=self._out, flush=True)  # nobody pressed Enter
            return None
        # Bytes that are not UTF-8 are kept as they are: it is the server that judges them.
        return line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="surrogateescape")

    def _read_line(self) -> bytes:
        while b"\n" not in self._rest:
            self._stop.readable(self._source)
            chunk = os.read(self._source, 4096)
            self._rest += chunk
            if not chunk:  # the end: what is left is the last line, and after it there is none
                break
        line, end, self._rest = self._rest.partition(b"\n")
        return line + end
