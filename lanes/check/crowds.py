"""What clients that are connected at the same time can expect of any server."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from lanes.check.arrivals import be_accepted
from lanes.check.caller import Caller
from lanes.check.claim import check, duration
from lanes.check.failure import Endless, Failed, HungUp, NoHandshake, said_of
from lanes.check.rounds import MIXED, Rounds
from lanes.check.subject import Subject
from lanes.check.symptoms import ONE_BY_ONE, TURNED_AWAY, of_a_wait, of_silence
from lanes.check.turns import InTurns, at_once

IN_ACCEPT = (
    "a handshake in the accepting thread: a client that does not shake hands holds up all others. "
    "Accept the plain connection, and shake hands in the client's own thread; in Python, wrap the "
    "accepted socket there, or the listening one with `do_handshake_on_connect=False`"
)
READS = 0.25  # seconds, at most, for a server on a busy machine to read what a client has sent


@check(
    hint="a lock held for the whole conversation, no thread for each client, `run()` instead of "
    "`start()`, or a pool of too few threads: a client waits until others have left"
)
def concurrent(subject: Subject) -> str:
    """Clients that are connected at the same time are served at the same time."""
    with ExitStack() as staying:
        rounds = Rounds(list(_connected(subject, staying, subject.clients)))
        with _beside_the_others(rounds):
            rounds.greetings(subject.usual)
            try:
                alone = rounds.each_alone(subject.usual)
            except Failed as failure:
                if failure.hint:
                    raise
                hint = of_silence(failure, rounds.speaking, rounds.callers)
                raise type(failure)(str(failure), hint or of_a_wait(failure, rounds)) from None
            evidence = at_once(rounds, rounds.callers, alone)
    return f"{subject.clients} clients stayed connected; {evidence}"


def _connected(subject: Subject, staying: ExitStack, count: int) -> Iterator[Caller]:
    """Yield that many clients, all of which stay connected."""
    for number in range(1, count + 1):
        with said_of(f"client {number} of {count} at once"):
            caller = staying.enter_context(subject.connect())
        yield caller


@contextmanager
def _beside_the_others(rounds: Rounds) -> Iterator[None]:
    """Add to a failure which client it was, and whether the others were in its way."""
    try:
        yield
    except (InTurns, Endless):
        raise
    except Failed as failure:
        caller = rounds.speaking
        number = rounds.callers.index(caller) + 1
        others = [one for one in rounds.callers if one is not caller]
        evidence = f"client {number}, with {len(others)} others: {failure}"
        if isinstance(failure, HungUp):
            raise HungUp(evidence, failure.hint or TURNED_AWAY) from None
        if failure.hint not in {ONE_BY_ONE, MIXED}:  # with these, others do not have to leave
            evidence += _once_alone(caller, others)
        raise Failed(evidence, failure.hint) from None


def _once_alone(caller: Caller, others: list[Caller]) -> str:
    """Say whether a client that waited in vain is answered once the others have left."""
    began = time.monotonic()
    for other in others:
        other.leave()
    caller.wait_anew()
    try:
        caller.answer()
    except Failed:
        return ", not even after the others had left"
    return f"; the answer came {duration(time.monotonic() - began)} after the others had left"


@check(hint="the thread that accepts also receives, or a lock is held while waiting for a client")
def unblocked(subject: Subject) -> str:
    """A silent or slow client does not hold up the others."""
    with subject.silent(), ExitStack() as staying, _beside():
        with said_of("a client beside a silent one"), _shaking_hands_apart():
            dribbling = staying.enter_context(subject.call())
            dribbling.ask()  # so that it holds whatever a client can keep from the others
            dribbling.send(b"H")
            dribbling.hears(READS)
        beside = said_of("a client beside a silent one and one that sends byte by byte")
        with beside, _shaking_hands_apart(), subject.call() as caller:
            for byte in b"e" if subject.is_slow else b"ey ":
                dribbling.send(bytes([byte]))
                caller.be_still()  # it may hear what the other says
                caller.ask()
                if not subject.is_slow:
                    caller.ask()  # a lock may be taken for every second message only
    return "answered beside a silent client and one that sends byte by byte"


@contextmanager
def _shaking_hands_apart() -> Iterator[None]:
    """Add a hint if the silent client, which starts no TLS handshake, blocks other handshakes."""
    try:
        yield
    except NoHandshake as failure:
        raise Failed(str(failure), IN_ACCEPT) from None


@contextmanager
def _beside() -> Iterator[None]:
    """Add the likely cause if the server hangs up."""
    try:
        yield
    except HungUp as failure:
        raise HungUp(str(failure), failure.hint or TURNED_AWAY) from None


@check(
    hint="too few threads, a limit on clients, a lock held for the conversation, or too short a "
    "`listen` backlog"
)
def many(subject: Subject) -> str:
    """A hundred clients (or --many) at once are all answered."""
    if not subject.is_slow:
        be_accepted(subject)
    with ExitStack() as staying:
        began = time.monotonic()
        rounds = Rounds(list(_connected(subject, staying, subject.many)))
        *others, last = rounds.callers
        with _numbered(rounds):
            rounds.greetings(subject.usual)
            connected = duration(time.monotonic() - began)
            try:
                alone = rounds.alone_again(last)
            except Failed as failure:
                hint = failure.hint or of_a_wait(failure, rounds)
                evidence = f"{failure}, though no other client had sent anything yet"
                raise type(failure)(evidence, hint) from None
            evidence = at_once(rounds, others, alone)
    return f"{subject.many} clients connected within {connected}; {evidence}"


@contextmanager
def _numbered(rounds: Rounds) -> Iterator[None]:
    """Add to a failure which client it was."""
    try:
        yield
    except InTurns:
        raise
    except Failed as failure:
        number = rounds.callers.index(rounds.speaking) + 1
        evidence = f"client {number} of {len(rounds.callers)} at once: {failure}"
        hint = failure.hint or (TURNED_AWAY if isinstance(failure, HungUp) else "")
        raise type(failure)(evidence, hint) from None
