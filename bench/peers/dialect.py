"""What the Python peers share: the dialect `lines` of docs/protocol.md.

A second argument, `spin:MS` or `sleep:MS`, adds work to each answer, as in server/chat/work.py.
"""

import sys
import time
from itertools import takewhile

ANSWER = "Today we will learn about Multithreading with Socket programming"
MAX_LINE = 8192  # bytes, without the line end
BACKLOG = 4096
NOT_UTF8 = b"-ERR utf8: the line is not valid UTF-8\r\n"
WORK = sys.argv[2].split(":") if len(sys.argv) > 2 else []  # noqa: PLR2004
TOO_LONG = b"-ERR too-long: a line may have 8192 bytes at most\r\n"


def greeting(name: str) -> bytes:
    """Return the greeting."""
    return f"+OK {name}: ready\r\n".encode()


def reply(name: str) -> bytes:
    """Return the reply to every line that is UTF-8: always the same, so built once."""
    return f"+OK {name}: {ANSWER}\r\n".encode()


def work(kind: str, milliseconds: str) -> None:
    """Keep the processor busy, or sleep, in the calling thread, as a blocking call would."""
    if kind == "sleep":
        time.sleep(float(milliseconds) / 1000)
    end = time.thread_time() + float(milliseconds) / 1000
    while kind == "spin" and time.thread_time() < end:
        pass


def answer(ok: bytes, line: bytes) -> bytes:
    """Return the reply `ok` if the line is UTF-8, otherwise an error."""
    if WORK:
        work(*WORK)
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return ok


def fits(line: bytes) -> bool:
    """Return whether the line is short enough; its line end, if any, does not count."""
    return len(line) <= MAX_LINE or len(line.removesuffix(b"\n").removesuffix(b"\r")) <= MAX_LINE


def whole(line: bytes) -> bool:
    """Return whether a line from `readline` is complete; raises ValueError if it is too long."""
    if not fits(line):
        raise ValueError(TOO_LONG)
    return line.endswith(b"\n")


def answers(ok: bytes, stream: bytes) -> tuple[list[bytes], bytes | None]:
    """Return an answer for each line, and the rest of the stream: None once a line is too long."""
    *lines, rest = stream.split(b"\n")
    said = [answer(ok, line) for line in takewhile(fits, lines)]
    if len(said) == len(lines) and fits(rest):
        return said, rest
    return [*said, TOO_LONG], None
