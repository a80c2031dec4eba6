"""The end of what a server prints, as lines that are safe to show."""

import os
from typing import BinaryIO

from lanes.watch.printable import printable

LINES = 12  # the end of a traceback, with its message
LENGTH = 200  # characters in a line
KEPT = 1 << 14  # bytes
CHUNK = 1 << 16


class Printed:
    """Keeps the end of a program's output, up to KEPT bytes."""

    def __init__(self) -> None:
        self._end = b""

    def add(self, chunk: bytes) -> None:
        """Add the latest output, and forget the oldest."""
        self._end = (self._end + chunk)[-KEPT:]

    def read(self, stream: BinaryIO) -> None:
        """Add everything in a file."""
        while chunk := stream.read(CHUNK):
            self.add(chunk)

    def pass_on(self, source: int, sink: int) -> None:
        """Read a descriptor to its end, and copy it to another until that is closed."""
        takes = True
        while chunk := os.read(source, CHUNK):
            self.add(chunk)
            try:
                while takes and chunk:
                    chunk = chunk[os.write(sink, chunk) :]
            except OSError:
                takes = False  # the program must not wait for a reader that has gone

    @property
    def lines(self) -> list[str]:
        """The last lines that are not empty."""
        lines = map(str.rstrip, self._end.decode(errors="replace").splitlines())
        return [printable(line)[:LENGTH] for line in lines if line][-LINES:]
