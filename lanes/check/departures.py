"""However clients leave, the others are still served."""

from contextlib import ExitStack

from lanes.check.caller import Caller
from lanes.check.claim import check
from lanes.check.failure import Failed, said_of
from lanes.check.subject import Subject

GHOSTS = 50


def _vanish(caller: Caller) -> None:
    caller.send(b"Hey Ser")
    caller.reset()


WAYS = {
    "closed": Caller.leave,
    "ended its output": Caller.end_output,
    "was reset in mid-message": _vanish,
}


@check(
    hint="an exception on one connection (a reset, a broken pipe) ends the server, or a lock is "
    "not released when a client vanishes: use `with` and `try`"
)
def leaves(subject: Subject) -> str:
    """However a client leaves, the others are still served."""
    for how, leave in WAYS.items():
        with subject.call() as leaving:
            leaving.ask()
            with subject.connect() as there:
                leave(leaving)
                with said_of(f"a client already connected when another {how}"):
                    there.be_greeted()
                    there.ask()
            with said_of(f"a new client after another {how}"), subject.call() as new:
                new.ask()
    return f"the others were still served after one {', one '.join(WAYS)}"


@check(
    hint="`recv` returns b'' once the client has hung up: end the loop there and close the "
    "connection, or its thread stays for ever"
)
def ghosts(subject: Subject) -> str:
    """Clients that come and go without a word leave nothing behind."""
    with ExitStack() as staying:
        callers = [staying.enter_context(subject.connect()) for _ in range(GHOSTS)]
        for caller in callers:
            caller.end_output()
        for number, caller in enumerate(callers):
            if not caller.is_hung_up_on():
                raise Failed(
                    f"{GHOSTS} clients hung up without a word; the server hung up on {number} "
                    f"of them, and then on none for {subject.patience.timeout:g} s"
                )
        with said_of(f"the next client after {GHOSTS} that said nothing"), subject.call() as one:
            one.ask()
    return f"{GHOSTS} clients came and went without a word, and the next was answered"
