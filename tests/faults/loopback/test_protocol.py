"""Whatever bytes come, in whatever pieces, the server answers as docs/protocol.md says."""

import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, pairwise
from os.path import commonprefix
from random import Random, SystemRandom

import pytest

from server.chat.protocol import Lines
from tests.faults.reference import said_to
from tests.faults.tally import Tally
from tests.kit.peer import Peer
from tests.kit.rounds import Rounds
from tests.kit.server_process import ServerProcess

pytestmark = pytest.mark.promise(1)

LIMIT = 8192  # bytes of a line
APART = 0.3  # seconds between the pieces of an emoji
LINES = 500  # of a random conversation, at most
PIECES = 1000  # a long stream is cut into some 2,000 pieces at most, not into millions

TEXT = [
    *(b"", b"a", b"Hey Server!!!", b"\r", b"\r\r", b"\0", b"\t", b"\x1b[2J", b"\x7f"),
    *(text.encode() for text in "éßđ€🧵\x80\x85\u2028\u2029\ufeff\uffff\U0010ffff\v\f\x1c"),
]
NO_TEXT = [
    *(bytes([byte]) for byte in (0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xF0, 0xF5, 0xFE, 0xFF)),
    *(b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80"),
    *("🧵".encode()[:size] for size in (1, 2, 3)),
    "🧵".encode()[1:],
]
ENDS = [b"\r\n", b"\n"]
FILLERS = [b"x", b"\0", b"\r", b"\xff", "🧵".encode()]

Speak = Callable[[list[bytes]], bytes]  # chunks in, all answers out


def said_by_dialect(chunks: list[bytes]) -> bytes:
    dialect = Lines("Thread-7")
    said = [dialect.greeting()]
    for chunk in chunks:
        said.append(dialect.reply(dialect.receive(chunk)))
        if dialect.fatal:
            break
    return b"".join(said)


def said_by(address: str, chunks: list[bytes]) -> bytes:
    """Return what a real server sends, from the greeting until it hangs up."""
    with Peer(address) as peer, ThreadPoolExecutor(1) as sender:
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sender.submit(_send, peer.socket, chunks)
        return peer.rest()


def _send(connection: socket.socket, chunks: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # it need not read the rest: only its answers count
        for chunk in chunks:
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)


def seeded(seed: str) -> Random:
    return Random(seed)  # noqa: S311 - it must be repeatable


def draw_stream(random: Random) -> bytes:
    """Some lines, and often a rest without a line end."""
    lines = [draw_line(random) for _ in range(random.randint(1, LINES))]
    rest = draw_line(random).rstrip(b"\n") if random.random() < 0.5 else b""
    return b"".join(lines) + rest


def draw_line(random: Random) -> bytes:
    """Odd text, text with bad bytes in it, or noise; rarely about the maximum length."""
    if random.random() < 0.1:
        return random.randbytes(random.randrange(12)) + b"\n"
    pieces = TEXT if random.random() < 0.5 else TEXT + NO_TEXT
    line = b"".join(random.choices(pieces, k=random.randrange(6)))
    if random.random() < 0.003:
        line = (line + LIMIT * random.choice(FILLERS))[: LIMIT + random.randint(-2, 2)]
    return line + random.choice(ENDS)


def cut(stream: bytes, random: Random) -> list[bytes]:
    """Cut the stream into pieces, sometimes tiny ones."""
    [longest] = random.choices([1, 4, 50, 1000, LIMIT], [1, 4, 10, 10, 10])
    longest = max(longest, len(stream) // PIECES)
    places = [0]
    while places[-1] < len(stream):
        places.append(places[-1] + 1 + int(longest * random.random()))
    return [stream[start:end] for start, end in pairwise(places)]


def compare(tally: Tally, speak: Speak, stream: bytes, seed: str) -> int:
    """Send the stream in pieces drawn from this seed; return how many lines were tried."""
    said = speak(cut(stream, seeded(seed)))
    thread = said.removeprefix(b"+OK ").partition(b":")[0].decode(errors="replace")
    expected = said_to(stream, thread)
    same = len(commonprefix([said, expected])) if said != expected else 0  # noqa: RUF071 - no paths
    differently = f"{said[same:][:80]!r} and not {expected[same:][:80]!r} after {same} bytes"
    lines = stream.count(b"\n")
    tally.check(said == expected, f"seed {seed!r}: {differently}", rounds=lines)
    return lines


def short_and_long_lines(ends: list[bytes]) -> Iterator[bytes]:
    """Streams of every line of one byte, of two, and of every length up to 8,194 bytes."""
    yield b"".join(bytes([one]) + b"\n" for one in range(256))
    for one in range(256):
        yield b"".join(bytes([one, two]) + b"\n" for two in range(256))
    for end in ends:
        for first in range(0, LIMIT + 1, 256):
            lengths = range(first, min(first + 256, LIMIT + 1))
            yield b"".join(b"x" * length + end for length in lengths)
        for length in (LIMIT + 1, LIMIT + 2):  # each ends its conversation
            yield b"before\n" + b"x" * length + end + b"after\n"


def compare_lines(tally: Tally, speak: Speak, lines: int, ends: list[bytes]) -> None:
    """Try all short and long lines with these ends, and N random ones from a reported seed."""
    for number, stream in enumerate(short_and_long_lines(ends)):
        compare(tally, speak, stream, f"lines {number}")
    seed = SystemRandom().randrange(1 << 32)
    tally.measure(seed=str(seed))
    tried, numbers = 0, count()
    while tried < lines:
        name = f"{seed}/{next(numbers)}"
        tried += compare(tally, speak, draw_stream(seeded(name)), name)


def test_lines_of_any_length_cut_anywhere_are_answered_like_the_reference(
    rounds: Rounds, tally: Tally
) -> None:
    compare_lines(tally, said_by_dialect, rounds(50_000, 1_000_000), ENDS[: rounds(1, 2)])


def test_a_server_answers_the_same_over_a_socket(rounds: Rounds, tally: Tally) -> None:
    with ServerProcess() as server:
        speak = partial(said_by, server.address)
        compare_lines(tally, speak, rounds(5_000, 100_000), ENDS[: rounds(1, 2)])
        assert server.terminate() == 0
        tally.check(not server.errors(), server.errors())


def test_an_emoji_cut_at_any_byte_300_ms_apart_is_one_message(tally: Tally) -> None:
    line = "🧵\r\n".encode()
    cuts = [[line[:place], line[place:]] for place in range(1, len(line))]
    cuts.append([bytes([byte]) for byte in line])
    with ServerProcess() as server, ThreadPoolExecutor(len(cuts)) as clients:

        def say(pieces: list[bytes]) -> None:
            with Peer(server.address) as peer:
                greeting, early = peer.line(), False
                for piece in pieces:
                    early |= bool(select.select([peer.socket], [], [], APART)[0])
                    peer.send(piece)
                peer.socket.shutdown(socket.SHUT_WR)
                said = greeting.encode() + peer.rest()
            tally.check(not early, f"{pieces}: answered before its end")
            thread = greeting.removeprefix("+OK ").partition(":")[0]
            tally.check(said == said_to(line, thread), f"{pieces}: {said!r}")

        list(clients.map(say, cuts))
        assert server.terminate() == 0
        texts = [event["text"] for event in server.events("received from the client")]
        tally.check(texts == ["🧵"] * len(cuts), f"received {texts}")
