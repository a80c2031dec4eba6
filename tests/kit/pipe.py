"""A small pipe in place of standard output."""

import fcntl
import os


class Pipe:
    """Where the log goes: the reader takes the place of `docker logs` or a terminal."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)
        self.open = {self.reading, self.writing}

    def close(self, end: int) -> None:
        self.open.discard(end)
        os.close(end)

    def lines(self) -> list[bytes]:
        """Everything that was written, once nothing more comes."""
        self.close(self.writing)
        with os.fdopen(os.dup(self.reading), "rb") as reader:
            return reader.readlines()
