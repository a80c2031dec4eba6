"""What is checked of any server, whatever it speaks: a function for each claim.

Each returns its evidence, in a few words, or raises Failed with it.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from client.check.caller import MESSAGE, Caller, Failed, said_of
from client.check.subject import Subject

AGAIN = 4  # messages on one connection
GHOSTS = 50
MANY = 100
VISITS = 500
VISITS_SECONDS = 15.0  # after that it is enough, though they be fewer
ENDS = 50  # visits at the beginning, and at the end, that are compared
SLOWER = 2.0  # times, and by so many seconds for each: then it is called slower
SLOWER_SECONDS = 0.01
LONG = 8192  # bytes
TEXT = "Grüße an alle: 你好, こんにちは, \N{WAVING HAND SIGN}"
SHOWN = 80  # characters of a reply


class Check(NamedTuple):
    """A claim about a server."""

    name: str
    claim: str
    hint: str  # what most often is the cause where it does not hold
    run: Callable[[Subject], str]


def answers(subject: Subject) -> str:
    """One client, one message."""
    with subject.call() as caller:
        began = time.monotonic()
        caller.say(MESSAGE)
        reply = caller.beginning()
        return f"{shown(reply.text)} after {_told(time.monotonic() - began)}"


def again(subject: Subject) -> str:
    """Several messages on one connection."""
    with subject.call() as caller:
        for number in range(1, AGAIN + 1):
            with said_of(f"message {number} of {AGAIN} on the same connection"):
                caller.ask()
    return f"{AGAIN} messages on one connection, {AGAIN} replies"


def concurrent(subject: Subject) -> str:
    """All stay connected, and each is answered while all the others stay."""
    with ExitStack() as staying:
        callers: list[Caller] = []
        for number in range(1, subject.clients + 1):
            caller = staying.enter_context(subject.connect())
            try:
                caller.be_greeted()
                caller.ask()
            except Failed as failure:
                then = _once_alone(caller, callers) if callers else ""
                raise Failed(
                    f"client {number} of {subject.clients}, while those before it stay: "
                    f"{failure}{then}"
                ) from None
            callers.append(caller)
        for number, caller in enumerate(callers, 1):
            with said_of(f"client {number}, asking again while all {subject.clients} stay"):
                caller.ask()
    return f"{subject.clients} clients stayed, and each was answered twice meanwhile"


def _once_alone(caller: Caller, others: Sequence[Caller]) -> str:
    """Whether one who has waited in vain is answered once the others have left."""
    for other in others:
        other.leave()
    began = time.monotonic()
    try:
        caller.answer()
    except Failed:
        return ", nor when they had left"
    return f"; the answer came {_told(time.monotonic() - began)} after they had left"


def unblocked(subject: Subject) -> str:
    """One client is silent, another does not finish its first message."""
    with subject.connect(), subject.connect() as dribbling:
        dribbling.send(b"Hey")
        beside = said_of("a client beside one that is silent and one that dribbles")
        with beside, subject.call() as caller:
            for byte in b" Server":
                dribbling.send(bytes([byte]))
                caller.ask()
    return "answered beside a client that is silent and one that dribbles"


def unicode(subject: Subject) -> str:
    """Text that is not ASCII is answered, and the server lives on."""
    with subject.call() as caller, said_of(f"{TEXT!r}"):
        caller.ask(TEXT)
    with subject.call() as caller, said_of(f"the next client after {TEXT!r}"):
        caller.ask()
    return f"{TEXT!r} was answered, and so was the next client"


def leaves(subject: Subject) -> str:
    """A client leaves in three ways; one that waited meanwhile is served, and so is a new one."""
    ways: dict[str, Callable[[Caller], None]] = {
        "closed": Caller.leave,
        "ended its output": Caller.end_output,
        "was reset in mid-message": _vanish,
    }
    for how, leave in ways.items():
        with subject.call() as leaving:
            leaving.ask()
            with subject.connect() as there:
                leave(leaving)
                with said_of(f"a client that was there when another {how}"):
                    there.be_greeted()
                    there.ask()
            with said_of(f"a new client after another {how}"), subject.call() as new:
                new.ask()
    return f"the others were served on after one {', one '.join(ways)}"


def _vanish(caller: Caller) -> None:
    caller.send(b"Hey Ser")
    caller.reset()


def ghosts(subject: Subject) -> str:
    """Clients connect, say nothing and hang up: each is hung up on, and the next is answered."""
    with ExitStack() as staying:
        callers = [staying.enter_context(subject.connect()) for _ in range(GHOSTS)]
        for caller in callers:
            caller.end_output()
        for number, caller in enumerate(callers):
            if not caller.is_hung_up_on():
                raise Failed(
                    f"of {GHOSTS} clients that hung up without a word, the server hung up on "
                    f"{number} and then, for {subject.timeout:g} s, on no other"
                )
        with said_of(f"the next client after {GHOSTS} that said nothing"), subject.call() as one:
            one.ask()
    return f"{GHOSTS} clients came and went without a word, and the next was answered"


def long(subject: Subject) -> str:
    """A message of 8 KiB, and a short one after it."""
    with subject.call() as caller:
        with said_of(f"a message of {LONG:,} bytes"):
            caller.ask("x" * LONG)
        with said_of(f"the message after one of {LONG:,} bytes"):
            caller.ask()
    return f"{LONG:,} bytes were answered, and so was the message after them"


def many(subject: Subject) -> str:
    """A hundred at once: all are there, and have asked, before any looks for its reply."""
    with ExitStack() as staying:
        callers = list(subject.callers(staying, MANY))
        began = time.monotonic()
        for caller in callers:
            caller.say("Hey Server!!!")
        for number, caller in enumerate(callers, 1):
            with said_of(f"client {number} of {MANY} at once"):
                caller.beginning()
        took = time.monotonic() - began
    return f"{MANY} clients at once, all answered after {_told(took)}"


def churn(subject: Subject) -> str:
    """Short visits, one after the other: the last ones take no longer than the first."""
    times: list[float] = []
    end = time.monotonic() + VISITS_SECONDS
    while len(times) < VISITS and (time.monotonic() < end or len(times) < 2 * ENDS):
        began = time.monotonic()
        with said_of(f"visit {len(times) + 1} of {VISITS}"), subject.call() as caller:
            caller.say("Hey Server!!!")
            caller.beginning()
        times.append(time.monotonic() - began)
    first, last = statistics.median(times[:ENDS]), statistics.median(times[-ENDS:])
    evidence = (
        f"of {len(times)} visits the first {ENDS} took {_told(first)} each, "
        f"the last {ENDS} {_told(last)}"
    )
    if last > SLOWER * first and last - first > SLOWER_SECONDS:
        raise Failed(evidence)
    return evidence


CHECKS = [
    Check(
        "answers",
        "A client's message is answered.",
        "the reply is not sent to the connection that `accept` returned, or never; a server that "
        "listens on localhost alone is reached from nowhere else",
        answers,
    ),
    Check(
        "again",
        "Several messages on one connection are answered, each.",
        "the conversation is no loop: it answers once, and then closes or accepts the next",
        again,
    ),
    Check(
        "concurrent",
        "Clients that are connected at the same time are served at the same time.",
        "a lock that is held over the whole conversation, no thread for each client, `run()` where "
        "`start()` is meant, or a pool of too few threads: a client waits until others have left",
        concurrent,
    ),
    Check(
        "unblocked",
        "A client that says nothing, or not much, holds nobody up.",
        "the thread that accepts also receives, or a lock is held while a client is waited for",
        unblocked,
    ),
    Check(
        "unicode",
        "Text in any language is answered, and the server lives on.",
        "`decode('ascii')`: use UTF-8, and catch in a client's thread what that client can cause",
        unicode,
    ),
    Check(
        "leaves",
        "However one client leaves, the others are served on.",
        "an exception of one connection (a reset, a broken pipe) ends the server, or a lock is not "
        "released when a client vanishes: use `with` and `try`",
        leaves,
    ),
    Check(
        "ghosts",
        "Clients that come and go without a word leave nothing behind.",
        "`recv` returns b'' once the client has hung up: the loop has to end there and the "
        "connection to be closed, or its thread stays for ever",
        ghosts,
    ),
    Check(
        "long",
        "A message of 8 KiB is answered, and so is the next.",
        "one `recv` need not return a whole message, and what is left of it is there for the next",
        long,
    ),
    Check(
        "many",
        "A hundred clients at once are all answered.",
        "too few threads, a lock that is held over the conversation, or a `listen` backlog that is "
        "too short",
        many,
    ),
    Check(
        "churn",
        "After hundreds of short visits a visit takes no longer than at first.",
        "something grows with each client: threads that do not end, connections that are not "
        "closed, a list that is searched",
        churn,
    ),
]


def shown(text: str) -> str:
    """A text of the server's in quotes; no terminal obeys anything in it."""
    return repr(text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}...")


def _told(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"
