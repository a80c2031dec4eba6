"""Copies standard input to a file, and keeps only the end.

Usage: python3 keep_end.py FILE. A server may print without end.
"""

import os
import sys

LIMIT = 1 << 20  # bytes to keep; the file is cut when it exceeds twice as many
CHUNK = 1 << 16


def main() -> None:
    """Copy until the end of input."""
    with open(sys.argv[1], "w+b", buffering=0) as file:  # noqa: PTH123 - shorter
        while chunk := os.read(0, CHUNK):
            file.write(chunk)
            if file.tell() > 2 * LIMIT:
                file.seek(-LIMIT, os.SEEK_END)
                end = file.read()
                file.seek(0)
                file.write(end)
                file.truncate()


if __name__ == "__main__":
    main()
