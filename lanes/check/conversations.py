"""What a single client can expect of any server."""

import time
from contextlib import suppress

from lanes.check.caller import MESSAGE
from lanes.check.claim import check, duration, quoted
from lanes.check.failure import Endless, Failed, HungUp, said_of
from lanes.check.hearing import LISTENS, hear_out
from lanes.check.subject import Subject
from lanes.check.symptoms import ENDED, of_no_answer
from lanes.check.unasked import answer_in_silence, heard_by_a_silent_client

AGAIN = 4  # messages on one connection
PAUSES = 2.0  # from then on, an answer ends after a silence of this many times its longest pause
SEVERAL = 2  # messages on one connection, if the server is slow
LONG = 8192  # bytes
TEXT = "Grüße an alle: 你好, こんにちは, \N{WAVING HAND SIGN}"


@check(
    hint="the server waits for something that never comes: a line end, which the lab's client "
    "does not send, or a fixed number of bytes (`readline`, `makefile`); or it replies on a "
    "socket other than the one `accept` returned; or it speaks the other --protocol, or TLS (--tls)"
)
def answers(subject: Subject) -> str:
    """A client's message is answered."""
    with subject.call() as caller:
        caller.quiet = LISTENS  # the server may first say only that it has begun
        began = time.monotonic()
        caller.say(MESSAGE)
        try:
            heard = hear_out(caller, began)
        except Endless:
            subject.quiet = LISTENS  # an endless answer may pause, too
            raise
        except HungUp as failure:
            raise HungUp(str(failure), ENDED) from None
        except Failed as failure:
            hint = ""
            with suppress(Failed), subject.connect() as other:
                hint = of_no_answer(caller, other)
            raise Failed(str(failure), hint) from None
    seconds = LISTENS if heard.goes_on else heard.first  # it may send without being asked
    if greeting := heard_by_a_silent_client(subject, seconds):
        heard = answer_in_silence(subject, greeting, seconds)
    subject.usual = heard.seconds
    subject.quiet += PAUSES * heard.pause
    return f"answered after {duration(heard.seconds)}: {quoted(heard.text)}"


@check(
    hint="there is no loop around the conversation: the server answers once, and then closes the "
    "connection or accepts the next"
)
def again(subject: Subject) -> str:
    """Each of several messages on one connection is answered."""
    messages = SEVERAL if subject.is_slow else AGAIN
    with subject.call() as caller:
        for number in range(1, messages + 1):
            with said_of(f"message {number} of {messages} on the same connection"):
                caller.ask()
    subject.answers_again = True
    return f"{messages} messages on one connection, {messages} replies"


@check(
    hint="`decode('ascii')`: use UTF-8, and catch the exceptions that a client can cause in that "
    "client's thread"
)
def unicode(subject: Subject) -> str:
    """Text in any language is answered, and the server keeps running."""
    with subject.call() as caller, said_of(f"{TEXT!r}"):
        caller.ask(TEXT)
    with subject.call() as caller, said_of(f"the next client after {TEXT!r}"):
        caller.ask()
    return f"{TEXT!r} was answered, and so was the next client"


@check(hint="one `recv` may return only a part of a message; the rest stays there for the next")
def long(subject: Subject) -> str:
    """A message of 8 KiB is answered, and so is the next."""
    with subject.call() as caller:
        with said_of(f"a message of {LONG:,} bytes"):
            caller.ask("x" * LONG)
        with said_of(f"the message after one of {LONG:,} bytes"):
            caller.ask()
    return f"{LONG:,} bytes were answered, and so was the message after them"
