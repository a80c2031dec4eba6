"""What the peers in Python share: the words and the lines of docs/protocol.md.

A second argument, `spin:MS` or `sleep:MS`, is what each answer costs, as in server/chat/work.py.
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
    """What a client hears first."""
    return f"+OK {name}: ready\r\n".encode()


def reply(name: str) -> bytes:
    """What it hears for every line that is UTF-8: the same each time, so made once."""
    return f"+OK {name}: {ANSWER}\r\n".encode()


def work(kind: str, milliseconds: str) -> None:
    """Keep the processor busy for so long, or wait; right here, as a library's call would."""
    if kind == "sleep":
        time.sleep(float(milliseconds) / 1000)
    end = time.thread_time() + float(milliseconds) / 1000
    while kind == "spin" and time.thread_time() < end:
        pass


def answer(ok: bytes, line: bytes) -> bytes:
    """The reply that was made for this client, if the line is UTF-8."""
    if WORK:
        work(*WORK)
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return ok


def fits(line: bytes) -> bool:
    """Whether it may be answered; its line end does not count, where it has one."""
    return len(line) <= MAX_LINE or len(line.removesuffix(b"\n").removesuffix(b"\r")) <= MAX_LINE


def whole(line: bytes) -> bool:
    """Whether it has ended, as `readline` returned it; ValueError where it is too long."""
    if not fits(line):
        raise ValueError(TOO_LONG)
    return line.endswith(b"\n")


def answers(ok: bytes, stream: bytes) -> tuple[list[bytes], bytes | None]:
    """One answer for each line, and the rest; None in its place once a line was too long."""
    *lines, rest = stream.split(b"\n")
    said = [answer(ok, line) for line in takewhile(fits, lines)]
    if len(said) == len(lines) and fits(rest):
        return said, rest
    return [*said, TOO_LONG], None
