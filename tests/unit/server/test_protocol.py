"""Bytes in -> messages; replies -> bytes. No network."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.chat.protocol import ANSWER, MAX_LINE, Handout, Lines, Malformed

REPLY = f"+OK Thread-7: {ANSWER}\r\n".encode()
UTF8 = b"-ERR utf8: the line is not valid UTF-8\r\n"
TOO_LONG = b"-ERR too-long: a line may have 8192 bytes at most\r\n"


@pytest.fixture
def lines() -> Lines:
    return Lines("Thread-7")


one_line = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"))


@example(["Grüße 🧵"], "\n")
@given(st.lists(one_line, min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_every_text_comes_out_as_it_went_in(texts: list[str], end: str) -> None:
    stream = "".join(f"{text}{end}" for text in texts).encode()
    assert Lines("Thread-7").receive(stream) == texts


def test_a_message_cut_at_any_byte_is_one_message_from_its_first_byte(lines: Lines) -> None:
    text = "a\0b\u2028c\u0085d\fe\vf\x1cg\rGrüße 🧵"  # none of these ends a line
    stream = f"{text}\r\n".encode()
    received = [(lines.receive(stream[i : i + 1]), lines.begun) for i in range(len(stream))]
    assert received == [*[([], True)] * (len(stream) - 1), ([text], False)]


def test_a_line_that_is_not_utf8_is_shown_as_ascii_and_the_next_is_answered(lines: Lines) -> None:
    messages = lines.receive("🧵".encode() + b"\xff\nHey\n")
    assert messages == [Malformed("utf8", r"\xf0\x9f\xa7\xb5\xff"), "Hey"]
    assert lines.reply(messages) == UTF8 + REPLY
    assert lines.fatal is None


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_longest_line_is_answered_and_one_byte_more_is_fatal(lines: Lines, end: bytes) -> None:
    assert lines.receive(b"x" * MAX_LINE + end) == ["x" * MAX_LINE]
    messages = lines.receive(b"Hey\n" + b"x" * (MAX_LINE + 1) + end + b"never read\n")
    assert lines.reply(messages) == REPLY + TOO_LONG
    assert lines.fatal == "too-long"


def test_a_line_is_too_long_before_its_end_has_come(lines: Lines) -> None:
    assert lines.receive(b"x" * MAX_LINE + b"\r") == []  # this may be the start of a CRLF
    assert lines.receive(b"x") == [Malformed("too-long", "")]
    assert not lines.begun


def test_the_handout_answers_every_chunk_with_its_sentence_and_says_nothing_else() -> None:
    dialect = Handout("Thread-7")
    assert dialect.greeting() == dialect.error("busy") == b""
    messages = dialect.receive(b"Hey\nServer\xff")
    assert messages == ["Hey\nServer\ufffd"]
    assert dialect.reply(messages) == ANSWER.encode()
    assert not dialect.begun
    assert dialect.fatal is None
