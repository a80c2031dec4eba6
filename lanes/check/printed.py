"""What a server prints: the end of it, as lines that are safe to show."""

import os
from typing import BinaryIO

from lanes.watch.printable import printable

LINES = 12  # a traceback's end, with what it was about
LENGTH = 200  # characters of a line
KEPT = 1 << 14  # bytes
CHUNK = 1 << 16


class Printed:
    """The end of what a program prints, however much that is."""

    def __init__(self) -> None:
        self._end = b""

    def add(self, chunk: bytes) -> None:
        """Keep what it has just printed, and forget the oldest."""
        self._end = (self._end + chunk)[-KEPT:]

    def read(self, stream: BinaryIO) -> None:
        """All that a file has."""
        while chunk := stream.read(CHUNK):
            self.add(chunk)

    def pass_on(self, source: int, sink: int) -> None:
        """Copy a descriptor to another until its end, or until the other is closed."""
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
