"""Whatever breaks between client and server, each message gets exactly one whole reply."""

import io
import sys
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

import pytest

from client.address import Address
from client.conversation import Conversation, Patience
from client.delivery import Unanswered
from client.log import Log
from client.protocol import DIALECTS
from client.signals import StopSignal
from tests.faults.proxy import End, Fault, Kind, Proxy
from tests.faults.reference import OK, said_to
from tests.faults.tally import Tally
from tests.kit.command import run
from tests.kit.http_get import LOOPBACK
from tests.kit.json_log import events
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import SECONDS

pytestmark = pytest.mark.promise(9)

AT_ONCE = 9  # conversations; the names of this many workers have the same length
WORKERS = ("--model", "pool", "--workers", str(AT_ONCE))
MESSAGES = [1, 2, 3]  # of each conversation
FAULTY = 2  # the faults are in these first messages, so that one message follows
GREETING = len(said_to(b"", "Worker-1"))  # bytes
REPLY = len(said_to(b"\n", "Worker-1")) - GREETING
REQUEST = len("conversation 0000, message 1\r\n")
CALM = Patience(greeting=SECONDS, connect=SECONDS, reply=SECONDS, outage=SECONDS / 3)
BRISK = CALM._replace(reply=2.5)  # patience to find out that no reply will come
BREAKS: list[Kind] = ["cut", "reset"]
ENDS: list[End] = ["client", "server"]


class Outcome(NamedTuple):
    accepted: list[int]  # the messages that have a whole reply
    received: list[int]  # the messages that the server logged as received
    resent: int
    connections: int  # as the proxy counts them: the client may not notice one that is reset
    struck: int  # faults that took effect


def after(fault: Fault) -> Outcome:
    """The right result: the current message is sent again, once, on one more connection."""
    assert fault.after is not None
    if fault.towards == "server":  # a truncated request: sent, and never received
        return Outcome(MESSAGES, MESSAGES, resent=1, connections=2, struck=1)
    if fault.after < GREETING:  # nothing was sent yet
        return Outcome(MESSAGES, MESSAGES, resent=0, connections=2, struck=1)
    lost = (fault.after - GREETING) // REPLY + 1
    return Outcome(MESSAGES, sorted([*MESSAGES, lost]), resent=1, connections=2, struck=1)


def received_by(server: ServerProcess) -> dict[int, list[int]]:
    """Return the messages that it logged as received, in order, by conversation number."""
    received = defaultdict(list)
    for event in server.events("received from the client"):
        conversation, _, message = event["text"].partition(", message ")
        received[int(conversation.removeprefix("conversation "))].append(int(message))
    return received


def converse_through(faults: list[Fault], expect: Callable[[Fault], Outcome], tally: Tally) -> None:
    """Check one conversation for each fault, each through its own proxy."""
    with StopSignal() as stop, ServerProcess(*WORKERS) as server:

        def converse(number: int) -> tuple[list[int], int, int, int]:
            fault, accepted = faults[number], []
            # Short if only time tells that no reply will come.
            hopeless = fault.kind == "swallow" or fault.delay > BRISK.reply
            patience, lines = BRISK if hopeless else CALM, DIALECTS["lines"]
            with Proxy((LOOPBACK, server.port), fault) as proxy:
                address, log = Address(LOOPBACK, proxy.port), Log(io.StringIO(), "json")
                with Conversation(address, lines, patience, stop, log) as conversation:
                    with suppress(Unanswered):
                        for message in MESSAGES:
                            said = f"conversation {number:04}, message {message}"
                            if conversation.say(said).text == OK:
                                accepted.append(message)
                    assert conversation.finish(), "more was answered than asked"
            return accepted, conversation.resent, proxy.connections, proxy.struck

        with ThreadPoolExecutor(AT_ONCE) as clients:
            told = list(clients.map(converse, range(len(faults))))
        assert server.terminate() == 0
        assert not server.errors(), server.errors()
        received = received_by(server)

    for number, (fault, (accepted, *counts)) in enumerate(zip(faults, told, strict=True)):
        outcome = Outcome(accepted, received[number], *counts)
        tally.check(outcome == expect(fault), f"{fault}: {outcome}")
    tally.measure(
        accepted=f"{sum(len(accepted) for accepted, *_ in told):,} replies",
        received=f"{sum(map(len, received.values())):,} messages",
    )


def test_a_reply_broken_off_after_any_byte_is_asked_for_again(rounds: Rounds, tally: Tally) -> None:
    said = range(GREETING + FAULTY * REPLY)
    faults = [Fault("client", kind, at) for at in said[:: rounds(4, 1)] for kind in BREAKS]
    # Not within the greeting: until it comes, the client waits for its turn.
    swallowed = [Fault("client", "swallow", at) for at in said[GREETING :: rounds(19, 1)]]
    converse_through(swallowed + faults, after, tally)


def test_a_request_broken_off_after_any_byte_is_never_answered(
    rounds: Rounds, tally: Tally
) -> None:
    said = range(FAULTY * REQUEST)
    faults = [Fault("server", kind, at) for at in said[:: rounds(2, 1)] for kind in BREAKS]
    swallowed = [Fault("server", "swallow", at) for at in said[:: rounds(7, 1)]]
    converse_through(swallowed + faults, after, tally)


def test_packets_of_any_size_change_nothing(rounds: Rounds, tally: Tally) -> None:
    sizes = range(1, REPLY + 2, rounds(5, 1))
    sliced = [Fault(end, size=size, delay=0.002) for size in sizes for end in ENDS]
    delayed = [Fault(end, delay=BRISK.reply / 5) for end in ENDS]
    undisturbed = Outcome(MESSAGES, MESSAGES, resent=0, connections=1, struck=0)
    converse_through(sliced + delayed, lambda _: undisturbed, tally)


def test_a_late_reply_is_not_taken_for_another(rounds: Rounds, tally: Tally) -> None:
    # The greeting is late as well, which is no fault: the client waits for it.
    late = [Fault("client", delay=1.2 * BRISK.reply)] * rounds(3, 18)
    twice = Outcome(MESSAGES, sorted([1, *MESSAGES]), resent=1, connections=2, struck=0)
    converse_through(late, lambda _: twice, tally)


def test_the_client_program_gets_one_reply_for_each_message(rounds: Rounds, tally: Tally) -> None:
    # Each connection carries one whole reply and some bytes of the second.
    second = range(GREETING + REPLY, GREETING + 2 * REPLY)
    faults = [Fault("client", kind, at) for at in second[:: rounds(14, 1)] for kind in BREAKS]
    messages = list(range(1, len(faults) + 2))
    script = "".join(f"conversation 0000, message {number}\n" for number in messages)
    with ServerProcess(*WORKERS) as server, Proxy((LOOPBACK, server.port), *faults) as proxy:
        words = ("--script", "-", "--log-format", "json", "--server", f"{LOOPBACK}:{proxy.port}")
        client = run(sys.executable, "-m", "client", "run", *words, says=script)
        assert server.terminate() == 0
        received = received_by(server)[0]
    replies = [reply["text"] for reply in events(client.stdout, "reply")]
    became = client.returncode, proxy.struck, replies, received
    right = 0, len(faults), [OK] * len(messages), sorted(messages + messages[1:])
    tally.check(became == right, f"{became} {client.stderr}", rounds=len(faults))
    tally.measure(accepted=f"{len(replies)} replies", received=f"{len(received)} messages")
