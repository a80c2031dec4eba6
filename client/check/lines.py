"""What a client can expect besides of a server that speaks `lines` (docs/protocol.md)."""

from contextlib import ExitStack

from client.check.caller import MESSAGE, Caller
from client.check.claim import claim, shown
from client.check.failure import Failed, said_of
from client.check.subject import Subject
from client.dialect import Complaint, Reply

LONGEST = 8192  # bytes, without the line end
OUTSTANDING = 16
BROKEN = 5  # which of those is not UTF-8
SHOWN = 3  # threads


@claim(
    "A line is a message, however its bytes arrive.",
    mostly="TCP is a stream: one `recv` may return half a line, or three. Keep what has no end "
    "yet, and split what has",
)
def framing(subject: Subject) -> str:
    """A line that arrives cut, and lines that arrive glued."""
    line = f"{MESSAGE}\n".encode()
    with subject.call() as caller:
        with said_of("a line that came byte by byte"):
            for byte in line:
                caller.send(bytes([byte]))
            caller.reply()
        caller.send(line * 3)
        for number in (1, 2, 3):
            with said_of(f"line {number} of three that came together"):
                caller.reply()
        if extra := caller.unasked():
            raise Failed(f"four lines had five replies; the last is {shown(extra)}")
    return "a line cut into bytes had one reply, three that came together had three"


@claim(
    "Each client is served by a thread of its own, from the greeting on.",
    mostly="one thread serves several clients, or the name that is sent is not the thread's own",
)
def threads(subject: Subject) -> str:
    """Each client has a thread of its own, and keeps it."""
    with ExitStack() as staying:
        callers = list(subject.callers(staying, subject.clients))
        names = [str(caller.thread) for caller in callers]
        if len(set(names)) < len(names):
            raise Failed(f"{len(names)} clients at once had {_listed(sorted(set(names)))}")
        for _ in range(2):
            for name, caller in zip(names, callers, strict=True):
                if (other := caller.ask().thread) != name:
                    raise Failed(f"the client that {name} greeted was answered by {other}")
    return f"{len(names)} clients had {_listed(names)}, and kept them"


@claim(
    "A line of more than 8,192 bytes is refused with -ERR too-long.",
    mostly="without a limit one client can fill the server's memory; and where it closes at "
    "once, its -ERR is lost in a reset",
)
def too_long(subject: Subject) -> str:
    """A line that is too long is refused in words, and the connection ends."""
    with subject.call() as caller, said_of(f"a line of {LONGEST + 1:,} bytes"):
        caller.send(b"x" * (LONGEST + 1))
        _expect_refusal(caller, "too-long")
        if not caller.is_hung_up_on():
            raise Failed("the connection stays open after -ERR too-long")
    with subject.call() as caller, said_of(f"a line of {LONGEST:,} bytes"):
        caller.ask("x" * LONGEST)
    return f"{LONGEST + 1:,} bytes were refused, {LONGEST:,} were answered"


@claim(
    "A line that is no UTF-8 is refused with -ERR utf8, and the next is answered.",
    mostly="decode strictly, line by line, and catch UnicodeDecodeError for that line alone",
)
def utf8(subject: Subject) -> str:
    """A line that is no UTF-8 is refused, and the next is answered."""
    with subject.call() as caller:
        caller.send(b"\xff\xfe\n")
        with said_of("a line that is no UTF-8"):
            _expect_refusal(caller, "utf8")
        with said_of("the line after it"):
            caller.ask()
    return "the line was refused, and the next one answered"


@claim(
    "Many lines at once are answered each, in their order.",
    mostly="what one `recv` returned is taken for one line, or each message has a thread of "
    "its own",
)
def order(subject: Subject) -> str:
    """Many lines at once; one of them is no UTF-8, so that its answer can be told apart."""
    lines = [f"{MESSAGE}\n".encode()] * OUTSTANDING
    lines[BROKEN - 1] = b"\xff\n"
    with subject.call() as caller:
        caller.send(b"".join(lines))
        for number in range(1, OUTSTANDING + 1):
            with said_of(f"answer {number} of {OUTSTANDING}"):
                if number == BROKEN:
                    _expect_refusal(caller, "utf8")
                else:
                    caller.reply()
    return f"{OUTSTANDING} lines at once were answered, in order"


def _expect_refusal(caller: Caller, code: str) -> None:
    answer = caller.answer()
    if isinstance(answer, Reply):
        raise Failed(f"it was answered, with {shown(answer.text)}, instead of -ERR {code}")
    if answer.code != code:
        raise Failed(f"it had -ERR {_quoted(answer)} instead of -ERR {code}")


def _quoted(complaint: Complaint) -> str:
    return f"{complaint.code}: {shown(complaint.explanation)}"


def _listed(names: list[str]) -> str:
    """How many threads, and which."""
    some = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"{len(names)} thread{'s' if len(names) > 1 else ''}: {some}"
