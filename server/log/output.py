"""The file descriptor that the log goes to, and in what portions.

A portion is as many whole lines as a pipe takes with one call, all or none of them (PIPE_BUF of
pipe(7)): so it is known, even while a reader stalls, which lines have gone out. A write for each
line would do that too, but the thread would give up its turn at the interpreter each time.
"""

import contextlib
import os
import select
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Piece(NamedTuple):
    """Text to be written, and what is to be counted then."""

    text: bytes
    lines: int = 0
    size: int = 0  # of the queue, which is free again then
    admits: int = 0  # how many lines are missing here, if that is what it says


def portions(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """The pieces in order, as many together as are written at once; a longer one alone."""
    portion: list[Piece] = []
    length = 0
    for piece in pieces:
        length += len(piece.text)
        if portion and length > select.PIPE_BUF:
            yield portion
            portion, length = [], len(piece.text)
        portion.append(piece)
    if portion:
        yield portion


class Output:
    """Any descriptor: it may block, or not, or have lost its reader."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self.abandoned = False  # set by another thread: nothing more is written

    def write(self, text: bytes) -> int:
        """Write it all, however long that takes; return how many bytes could be written."""
        rest = text
        with contextlib.suppress(OSError):  # the reader has gone
            while rest and not self.abandoned:
                rest = rest[self._write_some(rest) :]
        return len(text) - len(rest)

    def _write_some(self, rest: bytes) -> int:
        """Write what fits; wait for a non-blocking descriptor, which some supervisors give us."""
        # Not sys.stdout: a thread that stalls inside its lock would hang the interpreter's exit.
        while True:
            try:
                return os.write(self._descriptor, rest)
            except BlockingIOError:
                self._room.poll()
