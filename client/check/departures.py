"""However clients leave, the others are served on."""

from contextlib import ExitStack

from client.check.caller import Caller
from client.check.claim import claim
from client.check.failure import Failed, said_of
from client.check.subject import Subject

GHOSTS = 50


def _vanish(caller: Caller) -> None:
    caller.send(b"Hey Ser")
    caller.reset()


WAYS = {
    "closed": Caller.leave,
    "ended its output": Caller.end_output,
    "was reset in mid-message": _vanish,
}


@claim(
    "However one client leaves, the others are served on.",
    mostly="an exception of one connection (a reset, a broken pipe) ends the server, or a lock "
    "is not released when a client vanishes: use `with` and `try`",
)
def leaves(subject: Subject) -> str:
    """A client leaves, in three ways; one that was there is served then, and so is a new one."""
    for how, leave in WAYS.items():
        with subject.call() as leaving:
            leaving.ask()
            with subject.connect() as there:
                leave(leaving)
                with said_of(f"a client that was there when another {how}"):
                    there.be_greeted()
                    there.ask()
            with said_of(f"a new client after another {how}"), subject.call() as new:
                new.ask()
    return f"the others were served on after one {', one '.join(WAYS)}"


@claim(
    "Clients that come and go without a word leave nothing behind.",
    mostly="`recv` returns b'' once the client has hung up: the loop has to end there and the "
    "connection to be closed, or its thread stays for ever",
)
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
                    f"{number} and then, for {subject.patience.timeout:g} s, on no other"
                )
        with said_of(f"the next client after {GHOSTS} that said nothing"), subject.call() as one:
            one.ask()
    return f"{GHOSTS} clients came and went without a word, and the next was answered"
