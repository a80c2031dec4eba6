"""Bytes in, messages; replies, bytes out. No network."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol import ANSWER, MAX_LINE, Dialect, Handout, Lines, Malformed

REPLY = f"+OK Thread-7: {ANSWER}\r\n".encode()
UTF8 = b"-ERR utf8: the line is not valid UTF-8\r\n"
TOO_LONG = b"-ERR too-long: a line may have 8192 bytes at most\r\n"


def reference(stream: bytes) -> bytes:
    """What the server says to the whole of a stream, in the simplest words."""
    said = b""
    *lines, rest = stream.split(b"\n")
    for line in lines:
        text = line[:-1] if line[-1:] == b"\r" else line
        if len(text) > MAX_LINE:
            return said + TOO_LONG
        valid = text == text.decode(errors="ignore").encode()
        said += REPLY if valid else UTF8
    longest = MAX_LINE + 1 if rest[-1:] == b"\r" else MAX_LINE
    return said if len(rest) <= longest else said + TOO_LONG


def conversation(dialect: Dialect, chunks: list[bytes]) -> bytes:
    said = b""
    for chunk in filter(None, chunks):
        said += dialect.reply(dialect.receive(chunk))
        if dialect.fatal:
            break
    return said


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


lengths_at_the_limit = st.integers(MAX_LINE - 2, MAX_LINE + 3)
pieces = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=20).map(str.encode),
    st.sampled_from([b"\n", b"\r\n", b"\r", b"\0", "\u2028\u0085\f\v\x1c".encode(), "🧵".encode()]),
    lengths_at_the_limit.map(lambda length: b"x" * length),
)
streams = st.lists(pieces, max_size=12).map(b"".join)


@given(streams, st.lists(st.integers(0), max_size=8))
def test_any_bytes_in_any_cuts_are_answered_as_the_reference_says(
    stream: bytes, places: list[int]
) -> None:
    assert conversation(Lines("Thread-7"), cut(stream, places)) == reference(stream)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n\r")), min_size=1, max_size=5
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_text_comes_out_as_it_went_in(texts: list[str], end: str) -> None:
    stream = "".join(f"{text}{end}" for text in texts).encode()
    assert Lines("Thread-7").receive(stream) == texts


def test_a_message_cut_at_every_byte_is_one_message() -> None:
    dialect = Lines("Thread-7")
    stream = "Grüße 🧵\r\n".encode()
    received = [dialect.receive(stream[i : i + 1]) for i in range(len(stream))]
    assert received == [*[[]] * (len(stream) - 1), ["Grüße 🧵"]]


def test_messages_that_arrive_together_get_one_buffer_of_replies() -> None:
    dialect = Lines("Thread-7")
    assert dialect.reply(dialect.receive(b"a\nb\r\n\n")) == 3 * REPLY


@pytest.mark.parametrize("character", ["\0", "\u2028", "\u0085", "\f", "\v", "\x1c", "\r"])
def test_what_only_looks_like_a_line_end_is_ordinary_text(character: str) -> None:
    text = f"a{character}b"
    assert Lines("Thread-7").receive(f"{text}\n".encode()) == [text]


def test_the_greeting_names_the_thread() -> None:
    assert Lines("Thread-7").greeting() == b"+OK Thread-7: ready\r\n"


def test_a_line_that_is_not_utf8_gets_an_error_and_the_next_an_answer() -> None:
    dialect = Lines("Thread-7")
    messages = dialect.receive(b"\xff\nHey\n")
    assert messages == [Malformed("utf8", "\\xff"), "Hey"]
    assert dialect.reply(messages) == UTF8 + REPLY
    assert dialect.fatal is None


def test_what_is_shown_of_a_line_that_is_not_utf8_is_ascii_alone() -> None:
    [message] = Lines("Thread-7").receive("🧵".encode() + b"\xff\n")
    assert message == Malformed("utf8", r"\xf0\x9f\xa7\xb5\xff")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_longest_line_is_answered_and_one_byte_more_is_fatal(end: bytes) -> None:
    dialect = Lines("Thread-7")
    assert dialect.receive(b"x" * MAX_LINE + end) == ["x" * MAX_LINE]
    assert dialect.reply(dialect.receive(b"x" * (MAX_LINE + 1) + end)) == TOO_LONG
    assert dialect.fatal == "too-long"


def test_a_line_is_too_long_before_its_end_has_come() -> None:
    dialect = Lines("Thread-7")
    assert dialect.receive(b"x" * MAX_LINE) == []
    assert dialect.receive(b"x") == [Malformed("too-long", "")]
    assert not dialect.begun


def test_what_came_before_a_line_that_is_too_long_is_answered() -> None:
    dialect = Lines("Thread-7")
    messages = dialect.receive(b"Hey\n" + b"x" * (MAX_LINE + 1) + b"\nnever read\n")
    assert dialect.reply(messages) == REPLY + TOO_LONG


def test_a_line_is_begun_from_its_first_byte_to_its_end() -> None:
    dialect = Lines("Thread-7")
    seen = [(dialect.receive(chunk), dialect.begun) for chunk in (b"H", b"e", b"y\n")]
    assert seen == [([], True), ([], True), (["Hey"], False)]


def test_the_handout_answers_every_chunk_with_exactly_its_sentence() -> None:
    dialect = Handout("Thread-7")
    assert dialect.greeting() == b""
    assert dialect.reply(dialect.receive(b"Hey\nServer")) == ANSWER.encode()
    assert not dialect.begun
    assert dialect.fatal is None


def test_the_handout_shows_what_is_not_utf8_replaced() -> None:
    assert Handout("Thread-7").receive(b"a\xff") == ["a\ufffd"]


def test_the_handout_never_says_an_error() -> None:
    assert Handout.error("busy") == b""
