"""A small pipe in place of standard output."""

import fcntl
import os


class Pipe:
    """The log's destination: the reading end stands in for `docker logs` or a terminal."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)
        self.open = {self.reading, self.writing}

    def close(self, end: int) -> None:
        self.open.discard(end)
        os.close(end)

    def lines(self) -> list[bytes]:
        """Close the writing end; return every line that was written."""
        self.close(self.writing)
        with os.fdopen(os.dup(self.reading), "rb") as reader:
            return reader.readlines()
