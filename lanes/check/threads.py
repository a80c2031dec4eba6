"""The check `threads` for any server: sees from outside which thread serves each client.

The clients connect, and each sends a message. While all of them stay, the watcher looks until it is
certain about each, or the patience is over.
"""

import time
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING

from lanes.check.caller import MESSAGE, Caller
from lanes.check.claim import Check
from lanes.check.failure import Failed, HungUp, Unseen, said_of
from lanes.check.lookout import Find, look, watching
from lanes.check.rounds import MIXED, Rounds
from lanes.check.subject import Subject
from lanes.check.symptoms import TURNED_AWAY
from lanes.snapshot import Snapshot

if TYPE_CHECKING:  # the code that reads /proc is imported only on Linux
    from lanes.watch.session import Watched

NAME = "threads"
HINT = "one thread serves several clients, or some clients wait until others have left"
CLAIM = "Each of {} clients is served by a thread (or process) of its own"
APART = 1.0  # seconds for all clients to connect one by one, to see what each one adds
NAMES = 3.0  # more seconds for the names of Python threads and the lines that they are at
NO_NAMES = 1.5  # seconds; a server without any known line by then does not count as Python
AT = " at "  # precedes a line of source


def threads(find: Find, clients: int, *, required: bool, told: Check | None = None) -> Check:
    """Return the check for the server that `find` finds.

    `told` is the check of what the server itself reports, if it does. Both have to pass; if nothing
    can be seen from outside, `told` alone decides.
    """

    def run(subject: Subject) -> str:
        try:
            evidence = _see(subject, find, required=required)
        except Unseen as why:
            if not told:
                raise
            itself = f"{_hear(told, subject)}, according to the server itself"
            return f"{itself}; not confirmed from outside: {why}"
        if told:
            _hear(told, subject)
        return evidence

    claim = CLAIM.format(clients) + ("." if required or told else ", or by an event loop.")
    return Check(NAME, claim, HINT, run)


def _hear(told: Check, subject: Subject) -> str:
    try:
        return told.run(subject)
    except Failed as failure:
        raise Failed(str(failure), told.hint) from None


def _see(subject: Subject, find: Find, *, required: bool) -> str:
    with watching(find) as watched, ExitStack() as staying:
        from lanes.check.judgement import is_clear, is_heard, judge, own  # noqa: PLC0415 - as above

        look(watched, subject, lambda snapshot: bool(snapshot.seen and snapshot.seen.queues))
        callers: list[Caller] = []
        unanswered, before = _exchange(watched, subject, callers, staying)
        addresses = [caller.address for caller in callers]

        def clear(snapshot: Snapshot) -> bool:
            sessions = own(snapshot, addresses)
            return len(sessions) == len(callers) and is_clear(sessions)

        def named(snapshot: Snapshot) -> bool:
            sessions = own(snapshot, addresses)
            known = [AT in one.where for one in sessions if one.thread]
            told = all(known) if any(known) else time.monotonic() > no_names
            return told and is_heard(sessions)

        first = None if unanswered else look(watched, subject, clear)
        no_names = time.monotonic() + NO_NAMES
        last = look(watched, subject, named, NAMES)
        best = last if not first or clear(last) else first  # by now, some may be hung up on
        best = before or best  # since then, a lock may have been released
        return judge(best, addresses, unanswered, required=required)


def _exchange(
    watched: "Watched", subject: Subject, callers: list[Caller], staying: ExitStack
) -> tuple[Failed | None, Snapshot | None]:
    """Connect all clients, and send a message from each; return the first failure, or None.

    All stay connected. After a failure, every client sends a message: that shows a pool's queue,
    but may release a lock. So the second value is what was seen before, if a lock was.
    """
    from lanes.check.judgement import is_placed  # noqa: PLC0415 - as above

    together = time.monotonic() + APART
    rounds: Rounds | None = None
    try:
        for _ in range(subject.clients):
            with said_of(_nth(len(callers), subject)):
                callers.append(staying.enter_context(subject.connect()))
            placed = partial(is_placed, address=callers[-1].address)
            look(watched, subject, placed, together - time.monotonic())
        rounds = Rounds(callers)
        rounds.greetings(subject.usual)
        alone = rounds.each_alone(subject.usual)
        if late := rounds.together(callers, alone).late:
            rounds.speaking = late.caller
            raise late.failure
    except Failed as failure:
        if failure.hint == MIXED:  # they were answered, and `concurrent` reports what is wrong
            return None, None
        before = look(watched, subject, _locked, NO_NAMES)
        for caller in callers:
            with suppress(Failed):
                caller.say(MESSAGE)
        locked = before if _locked(before) else None
        hint = failure.hint or (TURNED_AWAY if isinstance(failure, HungUp) else "")
        who = f"{_nth(callers.index(rounds.speaking), subject)}: " if rounds else ""
        return Failed(f"{who}{failure}", hint), locked
    return None, None


def _locked(snapshot: Snapshot) -> bool:
    """Whether a lock was seen that holds up clients."""
    return bool(snapshot.seen and snapshot.seen.locks.told)


def _nth(number: int, subject: Subject) -> str:
    return f"client {number + 1} of {subject.clients} at once"
