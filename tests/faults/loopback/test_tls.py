"""The promises over TLS, and the one that TLS adds: a stalled handshake harms nobody else."""

import io
import itertools
import random
import signal
import ssl
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from client.address import Address
from client.conversation import Conversation, Patience
from client.log import Log
from client.protocol import DIALECTS
from client.signals import StopSignal
from client.tls import Tls
from tests.faults.health import slowest_answer
from tests.faults.honest import honest_clients
from tests.faults.proxy import End, Fault, Kind, Proxy
from tests.faults.reference import said_to
from tests.faults.tally import Tally
from tests.kit.certificates import Authority, Pair, authority
from tests.kit.http_get import LOOPBACK
from tests.kit.memory_client import MemoryClient
from tests.kit.peer import Peer, deaf, reset_on_close
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess
from tests.kit.waiting import SECONDS, wait_until

HONEST = 3
TIMEOUT = 5  # seconds for a handshake
PLACES = 64
CALM = Patience(greeting=SECONDS, connect=SECONDS, reply=SECONDS, outage=SECONDS / 3)
BUSY = "TLSV1_ALERT_INTERNAL_ERROR"  # all that the server can say before a handshake


@pytest.fixture(scope="module")
def shown(ca: Authority) -> Pair:
    return ca.issue("client")


@pytest.fixture(scope="module")
def context(ca: Authority, shown: Pair) -> ssl.SSLContext:
    """The context of a client with a valid certificate."""
    trusting = ca.trusting(shown)
    trusting.check_hostname = False
    return trusting


def cut(stream: bytes, draw: random.Random, most: int) -> Iterator[bytes]:
    while stream:
        size = draw.randint(1, most)
        yield stream[:size]
        stream = stream[size:]


def said_over_tls(
    address: str, context: ssl.SSLContext, stream: bytes, draw: random.Random
) -> tuple[bytes, bool]:
    """Send it in records and packets of any size; return the answers, and if a goodbye came."""
    client = MemoryClient(context)
    with Peer(address) as peer, ThreadPoolExecutor(1) as sender:
        client.meet_over(peer.socket)
        records = b"".join(map(client.say, cut(stream, draw, 3000))) + client.goodbye()
        packets = list(cut(records, draw, 2000))
        sender.submit(deque, map(peer.send, packets), 0)
        return client.hear(peer.rest()), client.ended


@pytest.mark.promise(1)
def test_over_tls_a_server_answers_the_same(
    rounds: Rounds, tally: Tally, ca: Authority, context: ssl.SSLContext
) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    draw = random.Random(seed)  # noqa: S311 - it is reported, to be tried again
    pieces = [b"", b"a", "🧵".encode(), b"\r", b"\0", b"\xff", b"\n", b"\r\n", b"x" * 8192, b"\n"]
    with ServerProcess(*ca.served(LOOPBACK)) as server:
        for number in range(1, rounds(60, 1000) + 1):
            stream = b"".join(draw.choices(pieces, k=draw.randint(1, 100)))
            said, ended = said_over_tls(server.address, context, stream, draw)
            right = ended and said == said_to(stream, f"Thread-{number}")
            tally.check(right, f"seed {seed}, stream {number}", rounds=stream.count(b"\n"))
    tally.measure(seed=str(seed))


def hostile(address: str, context: ssl.SSLContext, draw: random.Random) -> None:
    """Garbage, a hello that is cut off, or a handshake and then a bad record or bad text."""
    with suppress(OSError, ssl.SSLError), Peer(address) as peer:
        client = MemoryClient(context)
        records = ["a wrong record", "a lie about its length", "garbage within", "an endless line"]
        kind = draw.choice(["garbage", "half a hello", *records])
        if kind == "garbage":
            peer.send(draw.randbytes(draw.randint(1, 3000)))
        elif kind == "half a hello":
            with suppress(ssl.SSLWantReadError):
                client.tls.do_handshake()
            hello = client.outgoing.read()
            peer.send(hello[: draw.randrange(len(hello))])
        elif kind in ("garbage within", "an endless line"):
            client.meet_over(peer.socket)
            garbage = draw.randbytes(draw.randint(1, 3000))
            peer.send(client.say(garbage if kind == "garbage within" else 20_000 * b"x"))
        else:
            client.meet_over(peer.socket)
            record = bytearray(client.say(b"Hey Server!!!\n"))
            record[draw.randrange(5, len(record)) if kind == "a wrong record" else 3] ^= 0x55
            peer.send(bytes(record))
        if draw.random() < 0.5:
            reset_on_close(peer.socket)


@pytest.mark.promise(2)
def test_over_tls_hostile_conversations_harm_nobody_else(
    rounds: Rounds, tally: Tally, ca: Authority, shown: Pair, context: ssl.SSLContext
) -> None:
    conversations = rounds(300, 10_000)
    draw = random.Random(2)  # noqa: S311 - any will do, the same each time
    with ServerProcess(*ca.served("localhost"), "--handshake-timeout", "1") as server:
        baseline = server.settled()
        with honest_clients(server.port, HONEST, *trusted(ca, shown)) as honest:
            for _ in range(conversations):
                hostile(server.address, context, draw)
                tally.check(kept=True)
        service = honest.result()
        took = wait_until(lambda: (server.descriptors(), server.threads()) == baseline)
        faults = [event for event in server.log() if event["level"] == "error"]
        tally.check(not faults and not server.errors(), f"{faults} {server.errors()}")
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.measure(p99=f"{1000 * service.p99:.1f} ms", baseline_after=f"{took:.1f} s")


def trusted(ca: Authority, shown: Pair) -> tuple[Path, Pair]:
    return ca.certificate, shown


@pytest.mark.promise(3)
@pytest.mark.alone
def test_stalled_handshakes_end_in_time_and_harm_nobody(
    rounds: Rounds, tally: Tally, ca: Authority, shown: Pair, context: ssl.SSLContext
) -> None:
    stopping = rounds(64, 256)
    client = MemoryClient(context)
    with suppress(ssl.SSLWantReadError):
        client.tls.do_handshake()
    hello = client.outgoing.read()
    words = itertools.cycle([b"", hello[:100], hello])  # silence; half a hello; only a hello
    options = ("--handshake-timeout", str(TIMEOUT), "--max-clients", str(stopping + HONEST))
    with (
        ServerProcess(*ca.served("localhost"), *options) as server,
        honest_clients(server.port, HONEST, *trusted(ca, shown)) as honest,
        ExitStack() as stack,
    ):
        began = time.monotonic()
        for _ in range(stopping):
            stack.enter_context(Peer(server.address)).send(next(words))
        wait_until(lambda: server.snapshot()["open"] == stopping + HONEST)
        waiting = [one for one in server.snapshot()["sessions"] if one["tls"] == "handshake"]
        states = Counter(one["state"] for one in waiting)
        tally.check(states == {"waiting": stopping}, f"{states}", rounds=stopping)
        slowest = slowest_answer(server, tally, lambda: server.snapshot()["open"] <= HONEST)
        took = time.monotonic() - began
        refused = server.snapshot()["refused"]["handshake"]
    service = honest.result()
    tally.check(took <= TIMEOUT + 2, f"gone after {took:.1f} s")
    tally.check(refused == stopping, f"{refused} were refused")
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.check(slowest <= 0.5, f"/healthz took {slowest:.3f} s")
    tally.measure(gone_after=f"{took:.1f} s", worst_healthz=f"{1000 * slowest:.0f} ms")


def fate_of(address: str, context: ssl.SSLContext) -> Peer | str:
    """Return the client if it is served, else what the server said."""
    try:
        peer = Peer(address, tls=context)
    except ssl.SSLError as error:
        return "busy" if error.reason == BUSY else repr(error)
    except OSError as error:
        return repr(error)
    return peer if peer.is_greeted() else "not greeted"


@pytest.mark.promise(4)
def test_each_connection_of_a_flood_over_tls_is_served_or_gets_busy(
    rounds: Rounds, tally: Tally, ca: Authority, shown: Pair, context: ssl.SSLContext
) -> None:
    connects = rounds(600, 10_000)
    with ServerProcess(*ca.served("localhost"), "--max-clients", str(PLACES)) as server:
        baseline = server.settled()
        told: Counter[str] = Counter()
        with honest_clients(server.port, HONEST, *trusted(ca, shown)) as honest:
            held: list[Peer] = []
            for number in range(connects):
                fate = fate_of(server.address, context)
                told[fate if isinstance(fate, str) else "served"] += 1
                if isinstance(fate, Peer):
                    held.append(fate)
                if number % 10 == 9 and held:
                    held.pop(0).close()
            for peer in held:
                peer.close()
        service = honest.result()
        took = wait_until(lambda: (server.descriptors(), server.threads()) == baseline)
    fair = told["served"] + told["busy"]
    tally.check(fair == connects and told["busy"] > 0, f"{dict(told)}", rounds=connects)
    tally.check(not service.errors, f"honest clients: {service.errors}", rounds=service.answered)
    tally.measure(served=f"{told['served']:,}", busy=f"{told['busy']:,}", back=f"{took:.1f} s")


BREAKS: list[Kind] = ["cut", "reset"]
REACH: dict[End, int] = {"client": 2000, "server": 1600}  # bytes: the handshake and then some
STRANGERS = {
    "no-certificate": "CERTIFICATE_REQUIRED",
    "untrusted": "UNKNOWN_CA",
    "expired": "CERTIFICATE_EXPIRED",
}


@pytest.mark.promise(4)
def test_strangers_are_refused_and_counted_by_reason(
    rounds: Rounds, tally: Tally, ca: Authority
) -> None:
    times = rounds(10, 300)
    with authority() as other, ServerProcess(*ca.served("localhost")) as server:
        shown = {
            "no-certificate": None,
            "untrusted": other.issue("client"),
            "expired": ca.issue("client", expired=True),
        }
        for reason, pair in shown.items():
            stranger = ca.trusting(pair)
            for _ in range(times):
                told = ""
                try:
                    with Peer(server.address, tls=stranger) as peer:
                        told = peer.line()
                except ssl.SSLError as error:
                    told = error.reason
                tally.check(STRANGERS[reason] in told, f"{reason}: {told!r}")
        wait_until(lambda: not server.snapshot()["open"])
        counted = server.metrics("lanes_connections_refused_total")
        right = all(counted[reason] == times for reason in shown)
        tally.check(right and server.snapshot()["accepted"] == 0, f"{counted}")


@pytest.mark.promise(7)
@pytest.mark.alone
def test_a_drain_over_tls_answers_what_it_received_and_says_farewell(
    rounds: Rounds, tally: Tally, ca: Authority, context: ssl.SSLContext
) -> None:
    def converse(peer: Peer) -> tuple[str, int, str]:
        name, replies, line = peer.name, 0, ""
        with suppress(ConnectionError):
            while (line := peer.say("Hey Server!!!")).startswith("+OK "):
                replies += 1
        return name, replies, line

    def deafened(server: ServerProcess) -> ssl.SSLSocket:
        peer = deaf((LOOPBACK, server.port))
        return context.wrap_socket(peer, server_hostname="localhost")

    clients, longest, answered = 40, 0.0, 0
    for _ in range(rounds(2, 30)):
        with ServerProcess(*ca.served("localhost"), "--grace", "3") as server, ExitStack() as stack:
            peers = [stack.enter_context(Peer(server.address, tls=context)) for _ in range(clients)]
            assert all(peer.is_greeted() for peer in peers)
            halves = peers[-10:]
            for peer in halves:
                peer.send(b"Hey\nServ")
            unheard = stack.enter_context(deafened(server))
            with ThreadPoolExecutor(clients) as threads:
                talks = [threads.submit(converse, peer) for peer in peers[: clients // 2]]
                wait_until(lambda: server.snapshot()["messages"] > 200)
                unheard.sendall(2500 * b"x\n")
                began = time.monotonic()
                server.signal(signal.SIGTERM)
                idle = [(peer in halves, peer.rest()) for peer in peers[clients // 2 :]]
                ends = [talk.result(SECONDS) for talk in talks]
            code = server.wait()
            took = time.monotonic() - began
            longest = max(longest, took)
            received = {one["peer"]: one["messages"] for one in server.events("bye")}
        tally.check(code == 0, f"exit code {code}")
        tally.check(took <= 3 + 1, f"ended after {took:.2f} s")  # the deaf client uses up the grace
        for has_asked, said in idle:
            *before, farewell = said.splitlines()
            right = len(before) == has_asked and farewell.startswith(b"-ERR closing: ")
            tally.check(right, f"one that had half a line, or none, was told {said!r}")
        for name, replies, last in ends:
            right = replies == received[name] and last.startswith("-ERR closing: ")
            tally.check(right, f"{replies} of {received[name]}, and then {last!r}")
            answered += replies
    tally.measure(longest=f"{longest:.2f} s with a grace of 3 s", messages=f"{answered:,}")


@pytest.mark.promise(9)
def test_over_tls_a_message_is_repeated_after_a_break_at_any_byte(
    rounds: Rounds, tally: Tally, ca: Authority, shown: Pair
) -> None:
    secure = Tls(ca.certificate, *shown).secure
    step = rounds(97, 7)
    faults = [
        Fault(towards, kind, at)
        for towards, most in REACH.items()
        for kind in BREAKS
        for at in range(0, most, step)
    ]
    struck = 0
    with StopSignal() as stop, ServerProcess(*ca.served(LOOPBACK)) as server:
        for number, fault in enumerate(faults):
            messages = [f"conversation {number}, message {message}" for message in (1, 2, 3)]
            with Proxy((LOOPBACK, server.port), fault) as proxy:
                address, log = Address(LOOPBACK, proxy.port), Log(io.StringIO(), "json")
                lines = DIALECTS["lines"]
                with Conversation(address, lines, CALM, stop, log, secure) as conversation:
                    replies = [conversation.say(message).text for message in messages]
                    well = conversation.finish()
            right = well and len(replies) == 3 and proxy.connections == 1 + proxy.struck
            tally.check(right, f"{fault}: {proxy.connections} connections")
            struck += proxy.struck
        texts = Counter(event["text"] for event in server.events("received from the client"))
    tally.check(max(texts.values()) <= 2, f"{texts.most_common(1)}", rounds=0)
    tally.measure(struck=f"{struck} of {len(faults)}")
