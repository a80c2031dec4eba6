"""The servers of the zoo: how to start each, which dialect it speaks, which checks it must fail."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.load import compile_program
from lanes.check.address import Address
from lanes.check.crowds import IN_ACCEPT
from lanes.check.departures import IDLE
from lanes.check.dialer import Secure
from lanes.check.failure import Endless
from lanes.check.rounds import MIXED
from lanes.check.scorecard import OFFERED
from lanes.check.symptoms import (
    AT_THE_END,
    CHOOSY,
    LEFT_OUT,
    ONE_BY_ONE,
    SECOND,
    SHARED,
    TURNED_AWAY,
)
from lanes.check.symptoms import ENDED as CLOSED
from lanes.check.tls import Tls
from lanes.check.turns import FEW
from lanes.check.turns import ONE as TURNS
from tests.kit.certificates import Authority
from tests.kit.http_get import LOOPBACK
from tests.kit.server_process import listening

SERVERS = Path(__file__).parent / "servers"


class Animal(NamedTuple):
    """A server, the checks that it must fail, and the checks that it may pass or fail."""

    started_by: str  # a program here, or the options of our own server
    protocol: str
    fails: str = ""
    may_fail: str = ""  # or stay untried after another of these fails
    hangs: bool = True  # whether it fails because an answer never comes
    hint: str = ""  # of the first failed check, if it sees more than the failure
    breaks: bool = False  # after the first check that it fails, no other is tried
    tls: bool = False

    def right_verdicts(self, check: str) -> set[str]:
        """Return the possible verdicts of a check."""
        if check in self.may_fail.split():
            return {"failed", "passed", "not tried"}
        if check in self.fails.split():
            return {"failed"}
        is_later = self.breaks and check in EVERYTHING.partition(self.fails)[2].split()
        return {"not tried"} if is_later else {"passed"}


# The slowest come first, so that workers that share the tests finish sooner.
# A pool needs a worker for each of the 100 clients that come at once.
RIGHT = {
    "takes its time": Animal("takes_its_time.py", "handout"),
    "greets late": Animal("greets_late.py", "handout"),
    "ticks and answers": Animal("ticks_and_answers.py", "handout"),
    "acknowledges": Animal("acknowledges.py", "handout"),
    "now short, now long": Animal("now_short_now_long.py", "handout"),
    "counts for all": Animal("counts.py", "handout"),
    "a chat": Animal("chat.py", "handout"),
    "a clock": Animal("clock.py", "handout"),
    "talks at length": Animal("talks_at_length.py", "handout"),
    "listens for one": Animal("listens_for_one.py", "handout"),
    "greets": Animal("greets.py", "handout"),
    "socketserver": Animal("with_socketserver.py", "handout"),
    "threads": Animal("threads.py", "handout"),
    "asyncio": Animal("with_asyncio.py", "handout"),
    "C": Animal("threads.c", "handout"),
    "TLS": Animal("over_tls.py thread", "handout", tls=True),
    "lines": Animal("lines_server.py", "lines"),
    "ours, thread": Animal("--model thread", "lines"),
    "ours, thread, handout": Animal("--model thread --protocol handout", "handout"),
    "ours, TLS": Animal("--model thread", "lines", tls=True),
    "ours, pool": Animal("--model pool --workers 128", "lines"),
    "ours, pool, handout": Animal("--model pool --workers 128 --protocol handout", "handout"),
}
EVERYTHING = " ".join(check.name for check in OFFERED["handout"])
ONE_AT_A_TIME = "concurrent unblocked many"
WRONG = {
    "blocks the loop": Animal(
        *("blocks_the_loop.py", "handout", "concurrent many", "churn"), hangs=False, hint=TURNS
    ),
    "lock over the work": Animal(
        *("lock_over_work.py", "handout", "concurrent many", "churn"), hangs=False, hint=TURNS
    ),
    "lock over little work": Animal(
        *("lock_over_little_work.py", "handout", "many", "churn"), hangs=False, hint=TURNS
    ),
    "acknowledges, lock over the work": Animal(
        *("acknowledges_with_lock.py", "handout", "concurrent many", "churn"),
        hangs=False,
        hint=TURNS,
    ),
    "lock, now short, now long": Animal(
        *("lock_now_short_now_long.py", "handout", "concurrent many", "churn"),
        hangs=False,
        hint=TURNS,
    ),
    "counts for all, lock over the work": Animal(
        *("counts_with_lock.py", "handout", "concurrent many", "churn"), hangs=False, hint=TURNS
    ),
    "two at a time": Animal(
        *("two_at_a_time.py", "handout", "concurrent many", "churn"),
        hangs=False,
        hint=FEW.format(2),
    ),
    "one buffer for all": Animal(
        *("one_buffer.py", "handout", "concurrent many"), hangs=False, hint=MIXED
    ),
    "full at five": Animal(
        *("full_at_five.py", "handout", "concurrent many", "churn"),
        hangs=False,
        hint=TURNED_AWAY,
    ),
    "five at a time": Animal(
        *("five_at_a_time.py", "handout", "many", "churn"), hangs=False, hint=FEW.format(5)
    ),
    "slow to accept": Animal(
        *("slow_to_accept.py 128", "handout", "many", "churn"), hangs=False, hint=ONE_BY_ONE
    ),
    "slow to accept, short backlog": Animal(
        *("slow_to_accept.py 5", "handout", "many", "churn"), hangs=False, hint=ONE_BY_ONE
    ),
    "a chat, lock over the work": Animal(
        *("chat_with_slow_lock.py", "handout", "concurrent many", "churn"), hangs=False, hint=TURNS
    ),
    "slower with each": Animal("slower_with_each.py", "handout", "churn"),
    "greets and answers nobody": Animal("greets_alone.py", "handout", "answers", breaks=True),
    "greets late and answers nobody": Animal(
        *("greets_late_alone.py", "handout", "answers"), hangs=False, breaks=True
    ),
    "ticks and answers nobody": Animal(
        *("ticks.py", "handout", "answers"), hangs=False, breaks=True
    ),
    "waits for a line's end": Animal(
        *("waits_for_line_end.py", "handout", "answers"), hint=AT_THE_END, breaks=True
    ),
    "takes a name": Animal("takes_a_name.py", "handout", "answers", hint=SECOND, breaks=True),
    "wants a length": Animal("wants_a_length.py", "handout", "answers", hint=CLOSED, breaks=True),
    "lock never released": Animal("lock_never_released.py", "handout", "answers", breaks=True),
    "repeats itself": Animal(
        *("repeats_itself.py 0", "handout", EVERYTHING), hangs=False, hint=Endless("").hint
    ),
    "repeats itself, with pauses": Animal(
        *("repeats_itself.py 0.1", "handout", EVERYTHING), hangs=False, hint=Endless("").hint
    ),
    "dies later": Animal("dies_later.py", "handout", "leaves", hangs=False, breaks=True),
    "times out of accept": Animal(
        *("times_out_of_accept.py", "handout", "leaves"), hangs=False, breaks=True, hint=IDLE
    ),
    "lock for every second message": Animal("lock_every_second.py", "handout", "unblocked"),
    "certain messages": Animal(
        *("certain_messages.py", "handout", "concurrent unicode long many"), hint=CHOOSY
    ),
    "stops accepting": Animal("stops_accepting.py", "handout", "leaves", breaks=True),
    "the lab's own": Animal(
        *("the_labs_own.py", "handout", "concurrent"),
        # Two threads may release the same lock. If none does, no client is served again.
        may_fail=EVERYTHING.partition("concurrent ")[2],
    ),
    "one variable for all connections": Animal(
        *("one_variable.py", "handout", "concurrent"),
        may_fail=EVERYTHING.partition("concurrent ")[2],
        hint=SHARED,
    ),
    "one variable for all connections, in C": Animal(
        *("one_variable.c", "handout", "concurrent"),
        may_fail=EVERYTHING.partition("concurrent ")[2],
        hint=SHARED,
    ),
    "a chat, lock over the conversation": Animal("chat_with_lock.py", "handout", ONE_AT_A_TIME),
    "a chat, small pool": Animal("chat_of_two.py", "handout", ONE_AT_A_TIME),
    "a chat that leaves one out": Animal(
        *("chat_without_you.py", "handout", "answers"), hint=LEFT_OUT, breaks=True
    ),
    "run() for start()": Animal("run_for_start.py", "handout", ONE_AT_A_TIME),
    "join() after start()": Animal("join_after_start.py", "handout", ONE_AT_A_TIME),
    "lock over the conversation": Animal("lock_over_conversation.py", "handout", ONE_AT_A_TIME),
    "ours, lock": Animal("--model lock", "lines", f"{ONE_AT_A_TIME} threads"),
    "ours, small pool": Animal("--model pool --workers 4", "lines", "concurrent many threads"),
    "a handshake in accept": Animal(
        *("over_tls.py accept", "handout", "unblocked"), hint=IN_ACCEPT, tls=True
    ),
    "ASCII only": Animal("ascii_only.py", "handout", "unicode"),
    "says bye for ever": Animal("says_bye_for_ever.py", "handout", "leaves ghosts"),
    "no end of stream": Animal("no_end_of_stream.py", "handout", "ghosts"),
    "keeps who has talked": Animal("keeps_who_has_talked.py", "handout", "ghosts"),
    "leaks a thread per ghost": Animal("leaks_ghosts.py", "handout", "ghosts"),
    "dies on a reset": Animal("dies_on_reset.py", "handout", "leaves", hangs=False, breaks=True),
    "dies of SIGPIPE": Animal("ends_at_zero.c", "handout", "leaves", hangs=False, breaks=True),
    "dies on a close": Animal("dies_on_close.py", "handout", "answers", hangs=False, breaks=True),
    "answers once": Animal("answers_once.py", "handout", "again concurrent unblocked long many"),
    "one recv per line": Animal("one_recv_per_line.py", "lines", "framing too-long utf8 order"),
    "stays after too-long": Animal("stays_after_too_long.py", "lines", "too-long"),
    "ends after bad UTF-8": Animal("ends_after_bad_utf8.py", "lines", "utf8 order"),
    "errors first": Animal("errors_first.py", "lines", "order"),
    "lock over a line": Animal("lock_over_line.py", "lines", "unblocked"),
    "a thread for each message": Animal("thread_for_each_message.py", "lines", "threads"),
}


@contextmanager
def living(animal: Animal, folder: Path) -> Iterator[tuple[Address, Secure | None]]:
    """Start a server and discard its output; once it listens, yield its address and its TLS."""
    ca = Authority(folder) if animal.tls else None
    with listening(*_command(animal.started_by, folder, ca)) as (_, port):
        yield Address(LOOPBACK, port), _secure(ca)


def _secure(ca: Authority | None) -> Secure | None:
    return Tls(ca.certificate, *ca.issue("client")).secure if ca else None


def _command(started_by: str, folder: Path, ca: Authority | None) -> list[str]:
    program, *words = started_by.split()
    if program.endswith(".py"):
        shown = map(str, ca.issue(LOOPBACK)) if ca else ()
        return [sys.executable, "-S", str(SERVERS / program), *words, *shown]  # starts sooner
    if program.endswith(".c"):
        compile_program(SERVERS / program, folder / "server")
        return [str(folder / "server")]
    ours = (sys.executable, "-m", "server", "--status-port", "0")
    return [*ours, program, *words, *(ca.served(LOOPBACK) if ca else ()), "--port"]
