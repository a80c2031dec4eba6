"""Bytes in -> replies; messages -> bytes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.protocol import LINE_LIMIT, Complaint, Handout, Lines, ProtocolError, Reply


def answers(*chunks: bytes) -> list[Reply | Complaint]:
    lines, taken = Lines(), []
    for chunk in chunks:
        lines.feed(chunk)
        while (answer := lines.take()) is not None:
            taken.append(answer)
    return taken


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_is_a_reply_or_a_complaint(end: bytes) -> None:
    assert answers(b"+OK Thread-1: Today: none " + end) == [Reply("Thread-1", "Today: none ")]
    assert answers(b"-ERR too-long: why" + end) == [Complaint("too-long", "why")]


@given(st.lists(st.integers(0, 60)))
def test_the_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    stream = "+OK T-1: eins\r\n-ERR utf8: Grüße\n+OK Worker-2: a\u2028b\x0cc\r\n".encode()
    edges = [0, *sorted(cuts), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(edges)]
    assert answers(*chunks) == answers(stream)


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"+OK", b"+OK: ready", b"+OK T-1 ready", b"OK T-1: x", b"+ok T-1: x"),
        *(b"+OK  T-1: x", b"+OK T 1: x", b"+OK T-1: \xff", b"-ERR busy", b"-ERR BUSY: x"),
        *(b"220 smtp.example ESMTP", b"x" * 1000),
    ],
)
def test_any_other_line_is_an_error_that_quotes_its_beginning(line: bytes) -> None:
    with pytest.raises(ProtocolError) as error:
        answers(line + b"\r\n")
    assert str(error.value) == f"'{line.decode(errors='replace')[:80]}'"


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_is_too_long_is_an_error_whether_it_ends_or_not(end: bytes) -> None:
    assert answers(b"+OK T-1: ".ljust(LINE_LIMIT, b"x")) == []
    with pytest.raises(ProtocolError, match=r"a line of over 65536 bytes, '\+OK T-1: xxx"):
        answers(b"+OK T-1: ".ljust(LINE_LIMIT + 1, b"x") + end)


def test_a_message_is_a_line_of_utf_8_ended_by_crlf() -> None:
    assert Lines().encode("Grüße") == "Grüße\r\n".encode()
    assert Lines().encode("") == b"\r\n"
    assert Lines().encode(b"raw \xff".decode(errors="surrogateescape")) == b"raw \xff\r\n"
    with pytest.raises(ValueError, match="one line"):
        Lines().encode("one\ntwo")


def test_in_handout_a_message_is_its_bytes_and_a_chunk_is_a_reply() -> None:
    handout = Handout()
    assert handout.encode("Hey") == b"Hey"
    with pytest.raises(ValueError, match="empty message"):
        handout.encode("")
    assert handout.take() is None
    handout.feed(b"Today\xff")
    assert handout.take() == Reply(None, "Today\ufffd")
    assert handout.take() is None
