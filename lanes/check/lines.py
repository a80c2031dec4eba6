"""What a client can also expect of a server that speaks `lines` (docs/protocol.md)."""

from contextlib import ExitStack

from lanes.check.caller import MESSAGE, Caller
from lanes.check.claim import check, quoted
from lanes.check.failure import Failed, said_of
from lanes.check.protocol import Reply
from lanes.check.subject import Subject

LONGEST = 8192  # bytes, without the line end
OUTSTANDING = 16
BROKEN = 5  # this one of them is not UTF-8, so that its answer stands out
SHOWN = 3  # threads that the evidence names


@check(
    hint="TCP is a stream: one `recv` may return half a line, or three lines. Keep what has no "
    "end yet, and split what has"
)
def framing(subject: Subject) -> str:
    """A line is a message, however its bytes arrive."""
    line = f"{MESSAGE}\n".encode()
    with subject.call() as caller:
        with said_of("a line sent byte by byte"):
            for byte in line:
                caller.send(bytes([byte]))
            caller.reply()
            if extra := caller.unasked():
                raise Failed(f"it got more than one reply; the second is {quoted(extra)}")
        caller.send(line * 3)
        for number in (1, 2, 3):
            with said_of(f"line {number} of three sent together"):
                caller.reply()
        if extra := caller.unasked():
            raise Failed(f"four lines got five replies; the last is {quoted(extra)}")
    return "a line sent byte by byte got one reply, three lines sent together got three"


@check(hint="one thread serves several clients, or the server sends another name than the thread's")
def threads(subject: Subject) -> str:
    """Each client is served by a thread of its own, from the greeting on."""
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


@check(
    hint="there is no limit, so that one client can fill the server's memory; or the server "
    "closes at once, and its -ERR is lost in a reset"
)
def too_long(subject: Subject) -> str:
    """A line of more than 8,192 bytes is refused with -ERR too-long."""
    with subject.call() as caller, said_of(f"a line of {LONGEST + 1:,} bytes"):
        caller.send(b"x" * (LONGEST + 1))
        _expect_refusal(caller, "too-long")
        with said_of("after -ERR too-long"):
            caller.be_hung_up_on()
    with subject.call() as caller, said_of(f"a line of {LONGEST:,} bytes"):
        caller.ask("x" * LONGEST)
    return f"{LONGEST + 1:,} bytes were refused, {LONGEST:,} were answered"


@check(
    hint="the server decodes more than one line at a time, or does not catch UnicodeDecodeError "
    "for each line"
)
def utf8(subject: Subject) -> str:
    """A line that is not UTF-8 is refused with -ERR utf8, and the next is answered."""
    with subject.call() as caller:
        caller.send(b"\xff\xfe\n")
        with said_of("a line that is not UTF-8"):
            _expect_refusal(caller, "utf8")
        with said_of("the line after it"):
            caller.ask()
    return "the line was refused, and the next one answered"


@check(
    hint="the server takes what one `recv` returns for one line, or starts a thread for each "
    "message"
)
def order(subject: Subject) -> str:
    """Many lines at once are each answered, in order."""
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
        raise Failed(f"answered with {quoted(answer.text)} instead of -ERR {code}")
    if answer.code != code:
        raise Failed(f"refused with {quoted(f'-ERR {answer}')} instead of -ERR {code}")


def _listed(names: list[str]) -> str:
    """Say how many threads there are, and which."""
    some = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"{len(names)} thread{'s' if len(names) > 1 else ''}: {some}"
