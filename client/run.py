"""`run`: play a script, log each reply with the thread that served it, sum up."""

from itertools import chain, repeat

from client.conversation import Conversation
from client.delivery import Outcome, Unanswered
from client.log import Log
from client.script import Message, Pause, Step
from client.signals import Stopped, StopSignal
from client.tally import Tally


def run(
    script: list[Step],
    times: int | None,
    conversation: Conversation,
    stop: StopSignal,
    log: Log,
) -> bool:
    """Play a script `times` times (None: forever); True if all is well at the end.

    A signal to stop ends it early; messages that were not sent by then do not count.
    """
    tally = Tally()
    steps = chain.from_iterable(repeat(script) if times is None else repeat(script, times))
    for step in steps:
        if stop.is_set():
            break
        if isinstance(step, Pause):
            stop.sleep(step.seconds)
        elif not _say(step.text, conversation, tally, log):
            break
    if times is not None and not stop.is_set():
        for step in steps:  # the rest, after a failure that ended the run
            if isinstance(step, Message):
                tally.unanswered(step.text, Outcome.NOT_SENT, "the run had ended")
    in_order = conversation.finish()
    tally.report(log, conversation)
    return in_order and tally.all_answered


def _say(message: str, conversation: Conversation, tally: Tally, log: Log) -> bool:
    """Say one message and count its outcome; False if nothing more can be said."""
    try:
        reply = conversation.say(message)
    except Stopped:
        return False
    except Unanswered as failure:
        tally.unanswered(message, failure.outcome, str(failure))
        return failure.outcome is Outcome.REFUSED
    tally.answered(reply)
    log.info("reply", number=tally.messages, thread=reply.thread, text=reply.text)
    return True
