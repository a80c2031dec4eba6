"""What one client at a time can expect of any server."""

import time

from client.check.caller import MESSAGE
from client.check.claim import claim, shown, told
from client.check.failure import said_of
from client.check.subject import Subject

AGAIN = 4  # messages on one connection
LONG = 8192  # bytes
TEXT = "Grüße an alle: 你好, こんにちは, \N{WAVING HAND SIGN}"


@claim(
    "A client's message is answered.",
    mostly="it waits for more than came: a line's end, which the lab's client does not send, or "
    "so many bytes (`readline`, `makefile`); or the reply goes to another socket than `accept` "
    "returned; or it speaks the other --protocol",
)
def answers(subject: Subject) -> str:
    """One client, one message."""
    with subject.call() as caller:
        began = time.monotonic()
        caller.say(MESSAGE)
        reply = caller.reply(whole=False)
        return f"answered after {told(time.monotonic() - began)}: {shown(reply.text)}"


@claim(
    "Several messages on one connection are answered, each.",
    mostly="the conversation is no loop: it answers once, and then closes or accepts the next",
)
def again(subject: Subject) -> str:
    """Several messages on one connection."""
    with subject.call() as caller:
        for number in range(1, AGAIN + 1):
            with said_of(f"message {number} of {AGAIN} on the same connection"):
                caller.ask()
    return f"{AGAIN} messages on one connection, {AGAIN} replies"


@claim(
    "Text in any language is answered, and the server lives on.",
    mostly="`decode('ascii')`: use UTF-8, and catch in a client's thread what that client can "
    "cause",
)
def unicode(subject: Subject) -> str:
    """Text that is not ASCII is answered, and the server lives on."""
    with subject.call() as caller, said_of(f"{TEXT!r}"):
        caller.ask(TEXT)
    with subject.call() as caller, said_of(f"the next client after {TEXT!r}"):
        caller.ask()
    return f"{TEXT!r} was answered, and so was the next client"


@claim(
    "A message of 8 KiB is answered, and so is the next.",
    mostly="one `recv` need not return a whole message, and what is left of it is there for "
    "the next",
)
def long(subject: Subject) -> str:
    """A message of 8 KiB, and a short one after it."""
    with subject.call() as caller:
        with said_of(f"a message of {LONG:,} bytes"):
            caller.ask("x" * LONG)
        with said_of(f"the message after one of {LONG:,} bytes"):
            caller.ask()
    return f"{LONG:,} bytes were answered, and so was the message after them"
