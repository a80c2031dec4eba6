"""What the other clients can expect of any server when clients leave, in whatever way."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from lanes.check.caller import MESSAGE, Caller
from lanes.check.claim import check
from lanes.check.failure import Failed, Gone, said_of
from lanes.check.subject import Subject

GHOSTS = 50
SETTLED = 0.05  # seconds until the server waits for the next message
MUCH = "x" * 4096  # more than one `recv` takes in most servers, so they answer in several sends
AFTERMATH = 2.0  # seconds within which a server may still exit because a client has left
SPINS = (
    "a loop goes on after its connection has been closed: an `except` that ignores every error, or "
    "no test for b''. Leave the loop there"
)
IDLE = (
    "a client that vanished ends the server a moment later; or `accept` does if nobody comes for a "
    "while, since the listening socket has a time-out (`settimeout`): give it none, or go on"
)
BRIEF = 0.1  # seconds; if an answer takes longer, several of them would hold up the next client

Leave = Callable[[Caller], None]
WAYS: Mapping[str, Leave] = {
    "closed": Caller.leave,
    "ended their output": Caller.end_output,
    "were reset": Caller.reset,
    "left an answer unread": Caller.abandon,
}


@check(
    hint="an exception or a signal on one connection (a reset, a broken pipe, SIGPIPE) ends the "
    "server, or a lock is not released when a client vanishes: use `with` and `try`, and "
    "MSG_NOSIGNAL in C"
)
def leaves(subject: Subject) -> str:
    """However a client leaves, the others are still served."""
    # In each way, one client leaves while the server waits for its next message, one while the
    # server waits for its first, one as its answer begins, and one right after it has sent a
    # message. A server that serves one client at a time gets to each of them, too.
    new = "a new client"
    for how, leave in WAYS.items():
        with ExitStack() as staying:
            with said_of(new):
                answered = staying.enter_context(subject.call())
                answered.say(MESSAGE)
                answered.wait_for_answer()
                silent, there = (staying.enter_context(subject.connect()) for _ in range(2))
            time.sleep(SETTLED)
            leave(answered)
            leave(silent)
            with said_of(f"a client already connected when others {how}"):
                there.be_greeted()
                there.be_still()
                if subject.answers_again and subject.usual < BRIEF:
                    there.ask()  # its thread may notice only now that others have left
                there.say(MESSAGE)
                there.wait_for_answer()
            leave(there)
            new = f"a new client after others {how}"
            with said_of(new):
                hasty = staying.enter_context(subject.connect())
                hasty.say(MUCH if subject.usual < BRIEF else MESSAGE)
            leave(hasty)
    with said_of(new), subject.call() as caller:
        caller.ask()
        # A slow server has already had this time.
        if not subject.is_slow and caller.is_hung_up_on(AFTERMATH) and subject.is_gone():
            raise Gone("the server hung up, and no longer listens", IDLE)
    *some, last = WAYS
    return f"the others were still served after some {', '.join(some)} or {last}"


@check(
    hint="`recv` returns b'' once the client has hung up: end the loop there and close the "
    "connection, or its thread stays forever (if the server forks, the parent closes its copy, too)"
)
def ghosts(subject: Subject) -> str:
    """Clients that come and go, with or without a word, leave nothing behind."""
    with ExitStack() as staying:
        callers: list[Caller] = []
        for _ in range(GHOSTS):
            callers.append(staying.enter_context(subject.connect()))
            callers[-1].end_output()
        for number, caller in enumerate(callers):
            so_far = f"{GHOSTS} clients disconnected without sending anything; the server closed"
            with said_of(f"{so_far} {number} of those connections, but on the next one"):
                caller.be_hung_up_on()
        with said_of(f"the next client after {GHOSTS} that said nothing"), subject.call() as one:
            one.ask()
            one.end_output()
            with said_of("once it had been answered and had ended its output"):
                one.be_hung_up_on()
    if share := subject.goes_on():
        used = f"the server used {share:.0%} of a core, though nobody was connected"
        raise Failed(f"after {GHOSTS} clients had left, {used}", SPINS)
    return f"{GHOSTS} clients came and went without a word, and the next was answered"
