"""`chat`: the original lab's client, for a person at a terminal."""

from client.conversation import Conversation
from client.delivery import Outcome, Unanswered
from client.log import Log
from client.signals import Stopped, StopSignal
from client.terminal import Terminal

LAB_MESSAGE = "Hey Server!!! What will we do in today's lab????"


def chat(
    conversation: Conversation,
    terminal: Terminal,
    stop: StopSignal,
    log: Log,
    *,
    ask: bool,
) -> bool:
    """Send the lab's message, or what the person types, until the person quits.

    True if all is well at the end. The end of input and a signal to stop also end it normally.
    """
    while (message := terminal.ask("Message: ") if ask else LAB_MESSAGE) is not None:
        try:
            reply = conversation.say(message)
        except Stopped:
            break
        except Unanswered as failure:
            facts = {"outcome": failure.outcome.value, "why": str(failure)}
            log.error("not answered", **facts)  # noqa: TRY400 - one line, not a traceback
            if failure.outcome is not Outcome.REFUSED:
                return False
        else:
            terminal.tell(f"Received from the server : {reply.text}")
        if stop.is_set() or terminal.ask("\nDo you want to continue(y/n) :") != "y":
            break
    terminal.tell("Bye Server")
    return conversation.finish()
