"""The file descriptor that the log goes to, and the portions in which it is written.

A portion is as many whole lines as a pipe takes in one call, all or none of them (PIPE_BUF of
pipe(7)). So it is known which lines have gone out, even while a reader stalls. A write for each
line would do that too, but the thread would give up the interpreter each time.
"""

import contextlib
import os
import select
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Piece(NamedTuple):
    """Text to write, and what to count once it is written."""

    text: bytes
    lines: int = 0
    size: int = 0  # bytes of the queue that are free again then
    admits: int = 0  # how many lines are missing here, if the text says so


def portions(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Group the pieces, in order, by what is written at once; a longer piece stays alone."""
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
    """Writes to any descriptor: blocking, non-blocking, or without a reader."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self.abandoned = False  # set by another thread: nothing more is written

    def has_room(self) -> bool:
        """Whether a write would not wait. Any thread may ask, even while another one writes."""
        room = select.poll()
        room.register(self._descriptor, select.POLLOUT)
        return bool(room.poll(0))

    def write(self, text: bytes) -> int:
        """Write all of `text`, however long that takes; return how many bytes were written."""
        rest = text
        with contextlib.suppress(OSError):  # the reader has gone
            while rest and not self.abandoned:
                rest = rest[self._write_some(rest) :]
        return len(text) - len(rest)

    def _write_some(self, rest: bytes) -> int:
        """Write what fits; wait if the descriptor is non-blocking, as from some supervisors."""
        # Not sys.stdout: a thread that stalls with its lock would hang the interpreter at exit.
        while True:
            try:
                return os.write(self._descriptor, rest)
            except BlockingIOError:
                self._room.poll()
